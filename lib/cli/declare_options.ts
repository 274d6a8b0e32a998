/**
 * Declares options, by what they are given.
 *
 * @module
 */

import { parseDuration } from "./duration.ts";
import type { Option, OptionKind, Requirement } from "./option.ts";
import { quote } from "../wire/quote.ts";
import { parseSize } from "./size.ts";

/** What every declaration has. */
export interface Declaration {
  /** What it does, without its default and what it needs. */
  help: string;
  /** What stands for the value in the help (default: by its kind). */
  value?: string;
  /** One letter that does the same. */
  short?: string;
  /** Its default, as it would be given (default: the value is `undefined`). */
  default?: string;
  /** Whether it may be given several times; the value is a list then. */
  many?: true;
  /** What it belongs to, as a heading of the help (default `Options`). */
  group?: string;
  /** Options without which it has no effect. */
  requires?: string | readonly Requirement[];
  /** Where in a server's settings its value goes. */
  setting?: string;
  /** Whether a number without a unit will do. */
  isNumeric?: true;
}

/** What a number has besides. */
export interface NumberDeclaration extends Declaration {
  /** The least that it takes (default: 1 of a count, 0 of others). */
  least?: string;
  /** The most that it takes. */
  most?: string;
  /** What else to say where the number is out of range. */
  hint?: string;
}

/** Where the value of an option goes, by its declaration; nowhere is `never`. */
export type SettingOf<D> = D extends { setting: infer Setting extends string }
  ? Setting
  : never;

/** What the value of an option is, by its declaration. */
export type Declared<T, D extends Declaration> = Option<
  D extends { many: true } ? T[] : D extends { default: string } ? T
  : T | undefined,
  SettingOf<D>
>;

/** Bytes of the longest path of Linux, which has the longest ones. */
const MOST_PATH = 4095;

/** The largest count. */
const MOST_COUNT = 999_999_999;

/**
 * Declares an option without a value.
 *
 * @typeParam D Its declaration.
 * @param help What it does.
 * @param declaration What else there is to it.
 */
export function flag<const D extends Omit<Declaration, "help">>(
  help: string,
  declaration?: D,
): Option<
  boolean,
  SettingOf<D>
> {
  return {
    ...common({ help, ...declaration }),
    kind: "flag",
    parse: (given) => given.length > 0,
  } as Option<boolean, never>;
}

/**
 * Declares an option whose values are made from text, one by one.
 *
 * @typeParam T The value.
 * @typeParam D Its declaration.
 * @param kind What it is given.
 * @param parse Makes the value from a text.
 */
export function option<T, const D extends Declaration & { value: string }>(
  kind: OptionKind,
  declaration: D,
  parse: (text: string) => T,
): Declared<T, D> {
  return make(kind, declaration, (given) => {
    if (declaration.many) return texts(given, declaration).map(parse);
    const text = only(given) ?? declaration.default;
    return text === undefined ? undefined : parse(text);
  });
}

/**
 * Declares an option that may be given several times, and whose value is made
 * from all that was given.
 *
 * @typeParam T The value.
 * @typeParam D Its declaration.
 * @param kind What it is given.
 * @param parse Makes the value from all texts, in order.
 * @returns The option.
 */
export function collected<T, const D extends Declaration & { value: string }>(
  kind: OptionKind,
  declaration: D,
  parse: (given: readonly string[]) => T,
): Option<
  T,
  SettingOf<D>
> {
  const all = { ...declaration, many: true } as const;
  return make(kind, all, (given) => parse(texts(given, declaration)));
}

/**
 * Declares what takes the words that belong to no option, such as a host.
 *
 * @typeParam T The value.
 * @typeParam D Its declaration.
 * @param kind What it is given.
 * @param parse Makes the value from all the words, in order.
 */
export function operand<T, const D extends Declaration & { value: string }>(
  kind: OptionKind,
  declaration: D,
  parse: (given: readonly string[]) => T,
): Option<
  T,
  SettingOf<D>
> {
  return { ...collected(kind, declaration, parse), isOperand: true };
}

/**
 * Declares a whole number.
 *
 * @typeParam D Its declaration.
 * @returns The option.
 */
export function count<const D extends NumberDeclaration>(
  declaration: D,
): Declared<number, D> {
  const least = Number(declaration.least ?? 1);
  const most = Number(declaration.most ?? MOST_COUNT);
  const range = { least, most, isNumeric: true } as const;
  const parse = (text: string) => parseNumber(text, least, most, declaration);
  return option(
    "count",
    { value: "N", ...declaration, ...range } as D & { value: string },
    parse,
  );
}

/**
 * Declares a time span, in milliseconds.
 *
 * @typeParam D Its declaration.
 * @returns The option.
 */
export function duration<const D extends NumberDeclaration>(
  declaration: D,
): Declared<number, D> {
  return measured("duration", { value: "DURATION", unit: "ms" }, {
    declaration,
    parse: parseDuration,
  });
}

/**
 * Declares a size, in bytes.
 *
 * @typeParam D Its declaration.
 * @param parse Makes the number from a text (default: it needs a unit).
 * @returns The option.
 */
export function size<const D extends NumberDeclaration>(
  declaration: D,
  parse: (text: string) => number = parseSize,
): Declared<number, D> {
  return measured("size", { value: "SIZE", unit: "bytes" }, {
    declaration,
    parse,
  });
}

/**
 * Declares one of some words.
 *
 * @typeParam Word The words.
 * @typeParam D Its declaration.
 * @param choices The words.
 * @returns The option.
 */
export function choice<
  const Word extends string,
  const D extends Declaration,
>(choices: readonly Word[], declaration: D): Declared<Word, D> {
  const all = { value: choices.join("|"), ...declaration, choices };
  return option("choice", all as D & { value: string }, (text) => {
    const found = choices.find((word) => word === text);
    if (found !== undefined) return found;
    throw new SyntaxError(
      choices.length === 2
        ? `'${text}' is neither ${choices.join(" nor ")}`
        : `'${text}' is none of ${choices.join(", ")}`,
    );
  });
}

/**
 * Declares a file or folder.
 *
 * @typeParam D Its declaration.
 * @param parse Checks and makes the path (default: as it is).
 * @returns The option.
 */
export function path<const D extends Declaration>(
  declaration: D,
  parse: (text: string) => string = (text) => text,
): Declared<string, D> {
  const all = { value: "FILE", ...declaration };
  return option("path", all as D & { value: string }, (text) => {
    const { length } = new TextEncoder().encode(text);
    if (length <= MOST_PATH) return parse(text);
    throw new SyntaxError(
      `${
        quote(text)
      } has ${length} bytes, and no path has more than ${MOST_PATH}`,
    );
  });
}

/**
 * Parses a whole number.
 *
 * @param text Digits.
 * @param least The least that is allowed.
 * @param most The most (default 999,999,999).
 * @param what What else to say where it is out of range.
 * @throws {SyntaxError} If it is none, or too small or large.
 */
export function parseNumber(
  text: string,
  least: number,
  most: number = MOST_COUNT,
  { hint }: { hint?: string } = {},
): number {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= least && number <= most) return number;
  throw new SyntaxError(
    `'${text}' is not a whole number from ${least} to ${most}${also(hint)}`,
  );
}

interface Measure<D> {
  declaration: D;
  parse: (text: string) => number;
}

function measured<const D extends NumberDeclaration>(
  kind: OptionKind,
  unit: { value: string; unit: string },
  { declaration, parse }: Measure<D>,
): Declared<number, D> {
  const { least, most, hint } = declaration;
  const bound = (text?: string) => text === undefined ? undefined : parse(text);
  const range = { least: bound(least) ?? 0, most: bound(most) ?? Infinity };
  const all = {
    ...unit,
    ...declaration,
    least: range.least,
    ...most === undefined ? {} : { most: range.most },
    isNumeric: true,
  };
  return option(kind, all as unknown as D & { value: string }, (text) => {
    const number = parse(text);
    if (number >= range.least && number <= range.most) return number;
    const fault = number < range.least
      ? `less than ${least}`
      : `more than ${most}`;
    throw new SyntaxError(`'${text}' is ${fault}${also(hint)}`);
  });
}

function also(hint: string | undefined): string {
  return hint === undefined ? "" : `; ${hint}`;
}

function make<O>(
  kind: OptionKind,
  declaration: Declaration & { value: string },
  parse: (given: readonly string[]) => unknown,
): O {
  return { ...common(declaration), kind, parse } as O;
}

function common({ requires, ...declaration }: Declaration): object {
  if (requires === undefined) return declaration;
  const list = typeof requires === "string"
    ? [{ anyOf: [requires] }]
    : requires;
  return { ...declaration, requires: list };
}

function texts(
  given: readonly string[],
  { default: initial }: Declaration,
): readonly string[] {
  return given.length === 0 && initial !== undefined ? [initial] : given;
}

/**
 * Takes the value of an option that can be given once.
 *
 * @param given What was given.
 * @returns The text, or `undefined` where it was not given.
 * @throws {SyntaxError} If it was given twice.
 */
function only(given: readonly string[]): string | undefined {
  if (given.length < 2) return given[0];
  const all = given.map((text) => quote(text)).join(", ");
  throw new SyntaxError(`given more than once: ${all}; give it once`);
}
