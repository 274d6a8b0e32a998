/**
 * A configuration as text: JSON with comments and trailing commas, and the
 * position of each value.
 *
 * @module
 */

import {
  findNodeAtLocation,
  getNodePath,
  type Node,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import { ConfigError, type ConfigPath } from "../cli/config_error.ts";

/** Most reported problems: text in another format has one for each word. */
const MOST_PROBLEMS = 20;

/** A place in a text, from 1. */
export interface TextPlace {
  /** Line. */
  line: number;
  /** Column in characters. */
  column: number;
}

/** Meanings of the library's fault codes. */
const FAULTS: Readonly<Record<string, string>> = {
  InvalidSymbol: "expected a value: text in double quotes, a number, true, …",
  InvalidNumberFormat: "expected a number",
  PropertyNameExpected: "expected a name in double quotes",
  ValueExpected: "expected a value",
  ColonExpected: "expected a colon",
  CommaExpected: "expected a comma",
  CloseBraceExpected: "expected a closing brace",
  CloseBracketExpected: "expected a closing bracket",
  EndOfFileExpected: "expected nothing more",
  UnexpectedEndOfComment: "the comment does not end",
  UnexpectedEndOfString: "the text does not end on its line",
  UnexpectedEndOfNumber: "expected more digits",
  InvalidUnicode: "expected four hexadecimal digits",
  InvalidEscapeCharacter: "there is no such escape",
  InvalidCharacter: "escape control characters",
};

/** A configuration as text. */
export class ConfigText {
  /** The parsed value. */
  readonly value: unknown;
  readonly #text: string;
  readonly #root: Node;

  /**
   * Parses a text.
   *
   * @param text JSON; comments and trailing commas are allowed.
   * @throws {ConfigError} If it is invalid, or repeats a name in an object.
   */
  constructor(text: string) {
    this.#text = text;
    const { root, faults } = parse(text);
    if (faults.length > 0 || root === undefined) {
      throw new ConfigError(
        faults.slice(0, MOST_PROBLEMS).map((
          { offset, path = [], message },
        ) => ({
          path,
          ...placeAt(text, offset),
          message,
        })),
      );
    }
    this.#root = root;
    this.value = valueOf(root);
  }

  /**
   * Finds a value.
   *
   * @param path Its path. If it does not exist, its nearest parent is used.
   * @returns Its position, including its name if any.
   */
  placeOf(path: ConfigPath): TextPlace {
    for (let length = path.length; length > 0; length--) {
      const node = findNodeAtLocation(this.#root, path.slice(0, length));
      if (node === undefined) continue;
      const { offset } = node.parent?.type === "property" ? node.parent : node;
      return placeAt(this.#text, offset);
    }
    return placeAt(this.#text, this.#root.offset);
  }
}

interface Fault {
  offset: number;
  /** The value concerned, if the text could be parsed. */
  path?: ConfigPath;
  message: string;
}

function parse(text: string): { root: Node | undefined; faults: Fault[] } {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(text, errors, { allowTrailingComma: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error; // Nested too deep.
    const message = "brackets are nested too deep";
    return { root: undefined, faults: [{ offset: 0, message }] };
  }
  const faults = errors.map(({ error, offset }) => {
    const code = printParseErrorCode(error);
    return { offset, message: FAULTS[code] ?? code };
  });
  if (root === undefined && faults.length === 0) {
    faults.push({ offset: text.length, message: "it is empty" });
  }
  if (root !== undefined) {
    faults.push(...repeatedNames(root), ...halfCharacters(root));
  }
  return { root, faults: onePerPlace(faults) };
}

/**
 * Reports repeated names: JSON accepts them and uses the last value, so the
 * other value would be ignored.
 */
function* repeatedNames({ type, children = [] }: Node): Generator<Fault> {
  const seen = new Set<unknown>();
  for (const child of children) {
    yield* repeatedNames(child);
    if (type !== "object") continue;
    const [name] = child.children ?? [];
    if (seen.has(name?.value)) {
      const path = getNodePath(name!);
      yield { offset: child.offset, path, message: "it is given twice" };
    }
    seen.add(name?.value);
  }
}

/**
 * Finds lone surrogates: JSON accepts them (RFC 8259 §8.2), but URLs and UTF-8
 * do not.
 */
function* halfCharacters(node: Node): Generator<Fault> {
  const { offset, value, children = [] } = node;
  if (typeof value === "string" && !value.isWellFormed()) {
    const message =
      "expected text of whole characters: a \\ud800 to \\udfff stands in a pair";
    yield { offset, path: getNodePath(node), message };
  }
  for (const child of children) yield* halfCharacters(child);
}

function onePerPlace(faults: Fault[]): Fault[] {
  return [...Map.groupBy(faults, ({ offset }) => offset).values()]
    .map(([first]) => first!);
}

/** Reads only own properties, because `__proto__` can also be a name. */
function valueOf({ type, value, children = [] }: Node): unknown {
  if (type === "array") return children.map(valueOf);
  if (type !== "object") return value;
  return Object.fromEntries(
    children.map(({ children: [name, value] = [] }) => [
      name!.value,
      value && valueOf(value),
    ]),
  );
}

function placeAt(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset);
  const begin = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: [...before.slice(begin)].length + 1,
  };
}
