/**
 * Refuses options that have no effect without others.
 *
 * @module
 */

import { type Requirement, sourceOf, spellRequirement } from "./option.ts";
import { UsageError } from "./usage_error.ts";

/** A value that turns an option off, like a missing value, 0 and `false`. */
const OFF = "off";

/**
 * Refuses given options that have no effect, according to their declarations.
 *
 * @param values Parsed values.
 * @param isAsked Whether to check an option, by name (default: all).
 * @throws {UsageError} If an option lacks what it needs.
 */
export function requireEffect(
  values: object,
  isAsked: (name: string) => boolean = () => true,
): void {
  const { given, table } = sourceOf(values);
  const all = values as Readonly<Record<string, unknown>>;
  for (const [name, texts] of given) {
    if (texts.length === 0 || !isAsked(name)) continue;
    for (const requirement of table[name]?.requires ?? []) {
      if (isMet(requirement, all)) continue;
      throw new UsageError(describeLack(requirement, given), {
        option: name,
        others: requirement.anyOf,
      });
    }
  }
}

/** A given option that is off is not missing, so the message differs. */
function describeLack(
  requirement: Requirement,
  given: ReadonlyMap<string, readonly string[]>,
): string {
  const off = requirement.anyOf.find((name) => given.get(name)?.length);
  if (off === undefined || requirement.is !== undefined) {
    const needed = spellRequirement(requirement);
    return `needs ${needed}; without it, this option has no effect`;
  }
  const value = given.get(off)!.join(" ");
  return `has no effect with --${off} ${value}; give --${off} another value, or leave this option out`;
}

function isMet(
  { anyOf, is }: Requirement,
  values: Readonly<Record<string, unknown>>,
): boolean {
  return anyOf.some((name) => {
    const value = values[name];
    if (is === undefined) return isOn(value);
    const words = Array.isArray(value) ? value : [value];
    return is.some((word) => words.includes(word));
  });
}

function isOn(value: unknown): boolean {
  if (!value || value === OFF) return false;
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value !== "object") return true;
  // A rate has two directions; each may be 0.
  return Object.values(value).some((one) => one !== 0);
}
