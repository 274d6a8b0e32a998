/**
 * The declaration of an option. All code about options asks the declaration: it
 * reads arguments and files, prints the help and the schema, suggests a
 * spelling, hides a secret and finds a path.
 *
 * @module
 */

/** Kind of value that an option takes. */
export type OptionKind =
  /** No value: present or absent. */
  | "flag"
  /** A whole number. */
  | "count"
  /** Bytes. */
  | "size"
  /** A duration in milliseconds. */
  | "duration"
  /** Something per second. */
  | "rate"
  /** A network address: host and port, a Unix socket, or an IP address. */
  | "address"
  /** One or several of a set of words. */
  | "choice"
  /** A file or folder. In a configuration file, it is relative to that file. */
  | "path"
  /** A name and a secret after a colon, or a secret alone. */
  | "secret"
  /** URLs, which may contain a password. */
  | "url"
  /** Words of any kind. */
  | "text"
  /** A pattern for names, addresses or connections. */
  | "pattern";

/** A condition without which an option has no effect. */
export interface Requirement {
  /** Names of options; one of them must be in use. */
  readonly anyOf: readonly string[];
  /** Values that count as in use (default: everything except off). */
  readonly is?: readonly string[];
}

/** An option of a command. */
export interface Option<T, Setting extends string = string> {
  /** Kind of value. */
  readonly kind: OptionKind;
  /** Placeholder of the value in the help; a flag has none. */
  readonly value?: string;
  /** A letter as a short form. */
  readonly short?: string;
  /**
   * Whether it takes the arguments that belong to no option. At most one per
   * command.
   */
  readonly isOperand?: true;
  /** Whether users may repeat it. */
  readonly many?: true;
  /** Default as a user would write it, if there is one. */
  readonly default?: string;
  /** Allowed words, if no others are allowed. */
  readonly choices?: readonly string[];
  /** Smallest allowed number, in the smallest unit. */
  readonly least?: number;
  /** Largest allowed number, in the smallest unit. */
  readonly most?: number;
  /** Smallest unit, such as `ms` or `bytes`. */
  readonly unit?: string;
  /** Whether it accepts a number without a unit, such as a port or 0. */
  readonly isNumeric?: true;
  /** Heading in the help (default `Options`). */
  readonly group?: string;
  /** Conditions without which it has no effect; all must hold. */
  readonly requires?: readonly Requirement[];
  /** Path of its value in a server's settings, such as `timeouts.idle`. */
  readonly setting?: Setting;
  /** What it does, in a line or a few; {@linkcode helpOf} adds the rest. */
  readonly help: string;
  /**
   * Parses all given texts, in order; an empty list yields the default.
   *
   * @throws {SyntaxError} If a text is invalid; the message says why.
   */
  readonly parse: (given: readonly string[]) => T;
}

/** The options of a command, by name without dashes. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of a command's options. */
export type OptionValues<Table extends OptionTable> = {
  readonly [Name in keyof Table]: ReturnType<Table[Name]["parse"]>;
};

/** The origin of option values. */
export interface ValueSource {
  /** The options. */
  readonly table: OptionTable;
  /** The given texts, by name; other options have their defaults. */
  readonly given: ReadonlyMap<string, readonly string[]>;
}

const sources = new WeakMap<object, ValueSource>();

/**
 * Records the origin of option values: which options were given, and which are
 * secret.
 */
export function noteSource(values: object, source: ValueSource): void {
  sources.set(values, source);
}

/**
 * Finds the origin of option values.
 *
 * @param values Values of options.
 * @returns The options and the given texts; both empty if unknown.
 */
export function sourceOf(values: object): ValueSource {
  return sources.get(values) ?? { table: {}, given: new Map() };
}

/**
 * Parses the values of all options.
 *
 * @param given Texts by name.
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

/** Tells whether an option's texts may contain a password. */
export function isSecret({ kind }: Pick<Option<unknown>, "kind">): boolean {
  return kind === "secret" || kind === "url";
}

/**
 * Formats the complete help of an option.
 *
 * @returns What it does, its requirements, and its default.
 */
export function helpOf(option: Option<unknown>): string {
  const needs = option.requires?.map((one) => `needs ${spellRequirement(one)}`);
  const text = [option.help, ...needs ?? []].join("; ");
  return option.default === undefined
    ? text
    : `${text} (default ${option.default})`;
}

/**
 * Formats a requirement of an option.
 *
 * @returns For example `--pool ahead or reuse`.
 */
export function spellRequirement({ anyOf, is = [] }: Requirement): string {
  const names = anyOf.map((name) => `--${name}`).join(" or ");
  return is.length === 0 ? names : `${names} ${is.join(" or ")}`;
}
