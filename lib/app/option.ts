/**
 * Command-line options as a table: what reads the arguments, what prints the
 * help and what suggests a spelling all look at the same rows.
 *
 * @module
 */

/** One option of a command. */
export interface Option<T> {
  /** What stands for the value in the help; none for a flag. */
  readonly value?: string;
  /** One letter that does the same. */
  readonly short?: string;
  /** Whether it takes the words that belong to no option; one a command. */
  readonly isOperand?: true;
  /** Its default as it would be given, where it has one that can be. */
  readonly initial?: string;
  /** What it does, in a line or a few. */
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

/** Which table values were made from: it tells what is secret in them. */
const tables = new WeakMap<object, OptionTable>();

/**
 * Notes which table values were made from.
 *
 * @param values Values of options.
 * @param table The options.
 */
export function noteTable(values: object, table: OptionTable): void {
  tables.set(values, table);
}

/**
 * Finds the table that values were made from.
 *
 * @param values Values of options.
 * @returns The options; none where that is not known.
 */
export function tableOf(values: object): OptionTable {
  return tables.get(values) ?? {};
}

/**
 * Makes an option with one value.
 *
 * @typeParam T The value.
 * @param value What stands for it in the help.
 * @param initial Its default, as it would be given.
 * @param parse Makes it from text.
 * @param help What it does; the default is added.
 * @returns The option.
 */
export function single<T>(
  value: string,
  initial: string,
  parse: (text: string) => T,
  help: string,
): Option<T> {
  return {
    value,
    initial,
    help: `${help} (default ${initial})`,
    parse: (given) => parse(only(given) ?? initial),
  };
}

/**
 * Makes an option without a value.
 *
 * @param help What it does.
 * @param short One letter that does the same.
 * @returns The option.
 */
export function flag(help: string, short?: string): Option<boolean> {
  return {
    help,
    parse: (given) => given.length > 0,
    ...(short === undefined ? {} : { short }),
  };
}

/**
 * Makes what takes the words that belong to no option, such as a host.
 *
 * @typeParam T The value.
 * @param value What stands for the words in the help.
 * @param help What they mean.
 * @param parse Makes the value from all the words, in order.
 * @returns The operand.
 */
export function operand<T>(
  value: string,
  help: string,
  parse: (given: readonly string[]) => T,
): Option<T> {
  return { value, help, parse, isOperand: true };
}

/**
 * Takes the value of an option that can be given once.
 *
 * @param given What was given.
 * @returns The text, or `undefined` where it was not given.
 * @throws {RepeatedError} If it was given twice.
 */
export function only(given: readonly string[]): string | undefined {
  if (given.length > 1) throw new RepeatedError();
  return given[0];
}

/** An option that can be given once was given twice. */
export class RepeatedError extends SyntaxError {
  /** Constructs an error. */
  constructor() {
    super("given more than once");
    this.name = "RepeatedError";
  }
}
