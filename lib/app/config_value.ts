/**
 * Options in a file: which values stand for what is given to an option on the
 * command line. All is told by the table of options.
 *
 * @module
 */

import { type Option, RepeatedError } from "./option.ts";

/** What a file can say of an option. */
export type ConfigValue = boolean | number | string | (number | string)[];

/** A name of what nobody else shall see. */
const SECRET = /PASSWORD|TOKEN|SECRET|URL/;

/** What stands for a path. */
const PATH = /^(?:FILE|DIR|DIRECTORY|FOLDER|PATH)$/;

/** Words to choose from. */
const CHOICES = /^[a-z0-9-]+(?:\|[a-z0-9-]+)+$/;

/** No option takes this, unless it takes any text. */
const NONSENSE = "\0?";

/**
 * Gives what would be given on the command line.
 *
 * @param value What the file says.
 * @returns The texts, in order.
 */
export function textsOf(value: ConfigValue): string[] {
  if (typeof value === "boolean") return value ? [""] : [];
  return (Array.isArray(value) ? value : [value]).map(String);
}

/**
 * Gives what a file would say.
 *
 * @param option The option.
 * @param texts What is given on the command line; one at least.
 * @returns The value.
 */
export function valueOf(
  option: Option<unknown>,
  texts: readonly string[],
): ConfigValue {
  if (option.value === undefined) return texts.length > 0;
  const isNumeric = takesNumbers(option);
  const values = texts.map((text) =>
    isNumeric && String(Number(text)) === text ? Number(text) : text
  );
  return isRepeatable(option) ? values : values[0]!;
}

/**
 * Tells whether an option may be given several times.
 *
 * @param option The option.
 * @returns Whether it does not refuse that.
 */
export function isRepeatable({ value, parse }: Option<unknown>): boolean {
  if (value === undefined) return false;
  try {
    parse([NONSENSE, NONSENSE]);
  } catch (error) {
    return !(error instanceof RepeatedError);
  }
  return true;
}

/**
 * Tells whether an option may be a number without a unit.
 *
 * @param option The option.
 * @returns Whether it takes one, and not any text.
 */
export function takesNumbers(option: Option<unknown>): boolean {
  return !takes(option, NONSENSE) &&
    ["0", "1", "10"].some((text) => takes(option, text));
}

/**
 * Gives the words that an option chooses from.
 *
 * @param option The option.
 * @returns The words; `undefined` where they are not known.
 */
export function choicesOf(option: Option<unknown>): string[] | undefined {
  const { value = "" } = option;
  if (!CHOICES.test(value)) return undefined;
  const words = value.split("|");
  return words.every((word) => takes(option, word)) ? words : undefined;
}

/**
 * Tells whether what an option is given is to be kept from others.
 *
 * @param name Its name.
 * @param option The option.
 * @returns Whether its name, or what stands for its value, says so.
 */
export function isSecret(
  name: string,
  { value = "" }: Option<unknown>,
): boolean {
  if (isPath({ value })) return false;
  return SECRET.test(value) || SECRET.test(name.toUpperCase());
}

/**
 * Tells whether an option is given the path of a file or folder.
 *
 * @param option The option.
 * @returns Whether what stands for its value says so.
 */
export function isPath(
  { value = "" }: Pick<Option<unknown>, "value">,
): boolean {
  return PATH.test(value);
}

function takes({ parse }: Option<unknown>, text: string): boolean {
  try {
    parse([text]);
    return true;
  } catch {
    return false;
  }
}
