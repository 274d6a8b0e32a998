/**
 * Declares options by kind.
 *
 * @module
 */

import { parseDuration } from "./duration.ts";
import type { Option, OptionKind, Requirement } from "./option.ts";
import { quote } from "../wire/quote.ts";
import { parseSize } from "./size.ts";

/** The properties of every declaration. */
export interface Declaration {
  /** What the option does, without its default and requirements. */
  help: string;
  /** Placeholder of the value in the help (default: by kind). */
  value?: string;
  /** A letter as a short form. */
  short?: string;
  /** Default as a user would write it (default: the value is `undefined`). */
  default?: string;
  /** Whether users may repeat the option; its value is then a list. */
  many?: true;
  /** Heading in the help (default `Options`). */
  group?: string;
  /** Options without which it has no effect. */
  requires?: string | readonly Requirement[];
  /** Path of its value in a server's settings. */
  setting?: string;
  /** Whether it accepts a number without a unit. */
  isNumeric?: true;
}

/** Additional properties of a number. */
export interface NumberDeclaration extends Declaration {
  /** Smallest allowed value (default: 1 for a count, 0 for others). */
  least?: string;
  /** Largest allowed value. */
  most?: string;
  /** Advice for a number out of range. */
  hint?: string;
}

/** The setting in a declaration; `never` if it has none. */
export type SettingOf<D> = D extends { setting: infer Setting extends string }
  ? Setting
  : never;

/** The option type of a declaration. */
export type Declared<T, D extends Declaration> = Option<
  D extends { many: true } ? T[] : D extends { default: string } ? T
  : T | undefined,
  SettingOf<D>
>;

/** Bytes of the longest path on Linux, which allows the longest paths. */
const MOST_PATH = 4095;

/** Largest count. */
const MOST_COUNT = 999_999_999;

/**
 * Declares an option without a value.
 *
 * @typeParam D Type of the declaration.
 * @param help What the option does.
 * @param declaration Further properties.
 */
export function flag<const D extends Omit<Declaration, "help">>(
  help: string,
  declaration?: D,
): Option<boolean, SettingOf<D>> {
  return make("flag", { help, ...declaration }, (given) => given.length > 0);
}

/**
 * Declares an option that parses each text separately.
 *
 * @typeParam T Type of the value.
 * @typeParam D Type of the declaration.
 * @param kind Kind of value.
 * @param parse Parses one text.
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
 * Declares a repeatable option that parses all its texts together.
 *
 * @typeParam T Type of the value.
 * @typeParam D Type of the declaration.
 * @param kind Kind of value.
 * @param parse Parses all texts, in order.
 */
export function collected<T, const D extends Declaration & { value: string }>(
  kind: OptionKind,
  declaration: D,
  parse: (given: readonly string[]) => T,
): Option<T, SettingOf<D>> {
  const all = { ...declaration, many: true } as const;
  return make(kind, all, (given) => parse(texts(given, declaration)));
}

/**
 * Declares the arguments that belong to no option, such as a host.
 *
 * @typeParam T Type of the value.
 * @typeParam D Type of the declaration.
 * @param kind Kind of value.
 * @param parse Parses all arguments, in order.
 */
export function operand<T, const D extends Declaration & { value: string }>(
  kind: OptionKind,
  declaration: D,
  parse: (given: readonly string[]) => T,
): Option<T, SettingOf<D>> {
  return { ...collected(kind, declaration, parse), isOperand: true };
}

/**
 * Declares a whole number.
 *
 * @typeParam D Type of the declaration.
 */
export function count<const D extends NumberDeclaration>(
  declaration: D,
): Declared<number, D> {
  const least = Number(declaration.least ?? 1);
  const most = Number(declaration.most ?? MOST_COUNT);
  const all = { value: "N", ...declaration, least, most, isNumeric: true };
  return option("count", all as unknown as D & { value: string }, (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    const range = `from ${least} to ${most}${also(declaration.hint)}`;
    throw new SyntaxError(`'${text}' is not a whole number ${range}`);
  });
}

/**
 * Declares a duration in milliseconds.
 *
 * @typeParam D Type of the declaration.
 */
export function duration<const D extends NumberDeclaration>(
  declaration: D,
): Declared<number, D> {
  const all = { value: "DURATION", unit: "ms", ...declaration };
  return measured<D>("duration", all, parseDuration);
}

/**
 * Declares a size in bytes.
 *
 * @typeParam D Type of the declaration.
 * @param parse Parses a text (default: it requires a unit).
 */
export function size<const D extends NumberDeclaration>(
  declaration: D,
  parse: (text: string) => number = parseSize,
): Declared<number, D> {
  const all = { value: "SIZE", unit: "bytes", ...declaration };
  return measured<D>("size", all, parse);
}

/**
 * Declares a choice between words.
 *
 * @typeParam Word Type of the words.
 * @typeParam D Type of the declaration.
 * @param choices The allowed words.
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
        : `'${text}' is not one of ${choices.join(", ")}`,
    );
  });
}

/**
 * Declares a file or folder.
 *
 * @typeParam D Type of the declaration.
 * @param parse Checks and converts the path (default: unchanged).
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
      `${quote(text)} has ${length} bytes; a path has at most ${MOST_PATH}`,
    );
  });
}

function measured<const D extends NumberDeclaration>(
  kind: OptionKind,
  declaration: D & { value: string; unit: string },
  parse: (text: string) => number,
): Declared<number, D> {
  const { least, most, hint } = declaration;
  const bound = (text?: string) => text === undefined ? undefined : parse(text);
  const range = { least: bound(least) ?? 0, most: bound(most) ?? Infinity };
  const all = {
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
  { requires, ...declaration }: Declaration,
  parse: (given: readonly string[]) => unknown,
): O {
  const list = typeof requires === "string"
    ? [{ anyOf: [requires] }]
    : requires;
  const needs = list === undefined ? {} : { requires: list };
  return { ...declaration, ...needs, kind, parse } as O;
}

function texts(
  given: readonly string[],
  { default: initial }: Declaration,
): readonly string[] {
  return given.length === 0 && initial !== undefined ? [initial] : given;
}

/**
 * Returns the text of an option that may be given only once.
 *
 * @returns The text; `undefined` if the option was not given.
 * @throws {SyntaxError} If the option was given more than once.
 */
function only(given: readonly string[]): string | undefined {
  if (given.length < 2) return given[0];
  const all = given.map((text) => quote(text)).join(", ");
  throw new SyntaxError(`given more than once: ${all}; give it once`);
}
