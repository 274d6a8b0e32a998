/**
 * What an option says of itself. Whatever deals with options asks its
 * declaration: what reads the arguments and files, prints the help and the
 * schema, suggests a spelling, hides a secret and finds a path.
 *
 * @module
 */

/** What an option is given. */
export type OptionKind =
  /** Nothing: it is there or not. */
  | "flag"
  /** A whole number. */
  | "count"
  /** Bytes. */
  | "size"
  /** A time span, in milliseconds. */
  | "duration"
  /** Something a second. */
  | "rate"
  /** A place in a network: host and port, a Unix socket, an IP address. */
  | "address"
  /** One of some words, or several. */
  | "choice"
  /** A file or folder; a relative one in a file is relative to that file. */
  | "path"
  /** A name and a secret behind a colon, or a secret alone. */
  | "secret"
  /** URLs, which may hold a password. */
  | "url"
  /** Words of any kind. */
  | "text"
  /** What names, addresses or connections are compared with. */
  | "pattern";

/** Something without which an option has no effect. */
export interface Requirement {
  /** Names of options, of which one has to be in use. */
  readonly anyOf: readonly string[];
  /** Values with which it is in use (default: whatever is not off). */
  readonly is?: readonly string[];
}

/** One option of a command. */
export interface Option<T, Setting extends string = string> {
  /** What it is given. */
  readonly kind: OptionKind;
  /** What stands for the value in the help; none for a flag. */
  readonly value?: string;
  /** One letter that does the same. */
  readonly short?: string;
  /** Whether it takes the words that belong to no option; one a command. */
  readonly isOperand?: true;
  /** Whether it may be given several times. */
  readonly many?: true;
  /** Its default as it would be given, where it has one that can be. */
  readonly default?: string;
  /** The words that it takes, where it takes no others. */
  readonly choices?: readonly string[];
  /** The least number that it takes, in its smallest unit. */
  readonly least?: number;
  /** The largest number that it takes, in its smallest unit. */
  readonly most?: number;
  /** Its smallest unit, such as `ms` or `bytes`. */
  readonly unit?: string;
  /** Whether a number without a unit will do, such as a port or a 0. */
  readonly isNumeric?: true;
  /** What it belongs to, as a heading of the help (default `Options`). */
  readonly group?: string;
  /** Without what it has no effect; each of them is needed. */
  readonly requires?: readonly Requirement[];
  /** Where in a server's settings its value goes, such as `timeouts.idle`. */
  readonly setting?: Setting;
  /** What it does, in a line or a few; {@linkcode helpOf} adds the rest. */
  readonly help: string;
  /**
   * Makes the value from all that was given, in order; none is the default.
   *
   * @throws {SyntaxError} If a text is no such value, saying why.
   */
  readonly parse: (given: readonly string[]) => T;
}

/** The options of a command by name, without the dashes. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of a command's options. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]["parse"]>;
};

/** What values were made from. */
export interface ValueSource {
  /** The options. */
  readonly table: OptionTable;
  /** What was given to them, by name; the others have their defaults. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

const sources = new WeakMap<object, ValueSource>();

/**
 * Notes what values were made from: it tells which were asked for, and what is
 * secret in them.
 *
 * @param values Values of options.
 * @param source What they were made from.
 */
export function noteSource(values: object, source: ValueSource): void {
  sources.set(values, source);
}

/**
 * Finds what values were made from.
 *
 * @param values Values of options.
 * @returns The options and what was given to them; nothing where that is not
 *   known.
 */
export function sourceOf(values: object): ValueSource {
  return sources.get(values) ?? { table: {}, given: new Map() };
}

/**
 * Makes the values of all options.
 *
 * @param table The options.
 * @param given What is given to them.
 * @returns The values by name.
 * @throws {SyntaxError} If one is invalid.
 */
export function valuesOf(
  table: OptionTable,
  given: ValueSource["given"],
): Record<string, unknown> {
  const values = Object.fromEntries(
    Object.entries(table).map(([name, { parse }]) => [
      name,
      parse(given.get(name) ?? []),
    ]),
  );
  noteSource(values, { table, given });
  return values;
}

/**
 * Tells whether others must not see all of what an option is given.
 *
 * @returns Whether there may be a password in it.
 */
export function isSecret({ kind }: Pick<Option<unknown>, "kind">): boolean {
  return kind === "secret" || kind === "url";
}

/**
 * Writes all that is to be said of an option.
 *
 * @returns Its help, what it needs, and its default.
 */
export function helpOf(option: Option<unknown>): string {
  const needs = option.requires?.map((one) => `needs ${spellRequirement(one)}`);
  const text = [option.help, ...needs ?? []].join("; ");
  return option.default === undefined
    ? text
    : `${text} (default ${option.default})`;
}

/**
 * Writes what an option needs.
 *
 * @param requirement What it needs.
 * @returns For example `--pool ahead or reuse`.
 */
export function spellRequirement({ anyOf, is = [] }: Requirement): string {
  const names = anyOf.map((name) => `--${name}`).join(" or ");
  return is.length === 0 ? names : `${names} ${is.join(" or ")}`;
}
