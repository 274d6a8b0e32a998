/**
 * Settings of a server of which a test gives some.
 *
 * @module
 */

/** Settings of which any may be left out, also within a group. */
export type SomeSettings<T> = T extends Whole ? T
  : { [Name in keyof T]?: SomeSettings<T[Name]> };

/** Values that are given whole. */
type Whole =
  | ((...values: never[]) => unknown)
  | readonly unknown[]
  | ReadonlyMap<unknown, unknown>;

/**
 * Completes settings.
 *
 * @param defaults All settings.
 * @param given Those that differ.
 */
export function withDefaults<T extends object>(defaults: T, given: object): T {
  const all: Record<string, unknown> = {};
  Object.assign(all, defaults, given);
  for (const [name, value] of Object.entries(defaults)) {
    if (!isGroup(value) || !isGroup(all[name])) continue;
    all[name] = withDefaults(value, all[name]);
  }
  return all as T;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
}
