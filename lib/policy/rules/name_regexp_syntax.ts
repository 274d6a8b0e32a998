/**
 * The regular expressions of rules: from text to a tree. What can't be matched
 * in linear time is not in the language.
 *
 * @module
 */

/** What a name is made of; anything else counts as one more symbol. */
export const ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789-_.";

/** Longest expression in characters. */
export const LONGEST_EXPRESSION = 256;

/** Most repetitions that `{N,M}` may ask for. */
const MOST_REPETITIONS = 100;

/** One symbol of a set; the rest is put together from these. */
export type Node =
  | { type: "set"; symbols: ReadonlySet<number> }
  | { type: "start" }
  | { type: "end" }
  | { type: "sequence"; nodes: Node[] }
  | { type: "choice"; nodes: Node[] }
  | { type: "repeat"; node: Node; least: number; most: number };

/** Symbols by character code. */
const SYMBOLS = new Uint8Array(128).fill(ALPHABET.length);
for (const [index, character] of [...ALPHABET].entries()) {
  SYMBOLS[character.charCodeAt(0)] = index;
}

/**
 * Tells the number of a character.
 *
 * @param code Its code, not that of a capital.
 * @returns Its index in {@linkcode ALPHABET}, or the length of that.
 */
export function symbolOf(code: number): number {
  return SYMBOLS[code] ?? ALPHABET.length;
}

/**
 * Parses an expression. Capitals are the same as small letters.
 *
 * @param text What stands between the slashes.
 * @returns The tree.
 * @throws {SyntaxError} If it is too long, malformed, or asks for what can't be
 *   matched in linear time; it says where.
 */
export function parseExpression(text: string): Node {
  if (text.length > LONGEST_EXPRESSION) {
    throw new SyntaxError(
      `regular expression has ${text.length} characters, not ${LONGEST_EXPRESSION} at most`,
    );
  }
  const reader = new Reader(text.toLowerCase());
  const node = parseChoice(reader);
  if (!reader.isAtEnd) throw reader.error("')' closes nothing");
  return node;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  /** The next character, or an empty text at the end. */
  get next(): string {
    return this.#text.charAt(this.#at);
  }

  take(): string {
    if (this.isAtEnd) throw this.error("ends too early");
    return this.#text.charAt(this.#at++);
  }

  skip(expected: string): boolean {
    const isThere = this.#text.startsWith(expected, this.#at);
    if (isThere) this.#at += expected.length;
    return isThere;
  }

  /** Takes what a sticky expression matches. */
  match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    this.#at += match?.[0].length ?? 0;
    return match;
  }

  error(what: string): SyntaxError {
    return new SyntaxError(
      `regular expression, at character ${this.#at + 1}: ${what}`,
    );
  }
}

function parseChoice(reader: Reader): Node {
  const nodes = [parseSequence(reader)];
  while (reader.skip("|")) nodes.push(parseSequence(reader));
  return nodes.length === 1 ? nodes[0]! : { type: "choice", nodes };
}

function parseSequence(reader: Reader): Node {
  const nodes: Node[] = [];
  while (!reader.isAtEnd && reader.next !== "|" && reader.next !== ")") {
    nodes.push(parseRepeated(reader));
  }
  return { type: "sequence", nodes };
}

function parseRepeated(reader: Reader): Node {
  const node = parseAtom(reader);
  const [least, most] = parseQuantifier(reader) ?? [];
  if (least === undefined || most === undefined) return node;
  if (node.type === "start" || node.type === "end") {
    throw reader.error("an anchor can't be repeated");
  }
  if (parseQuantifier(reader) !== undefined) {
    throw reader.error("a repetition can't be repeated");
  }
  return { type: "repeat", node, least, most };
}

function parseQuantifier(reader: Reader): [number, number] | undefined {
  if (reader.skip("*")) return [0, Infinity];
  if (reader.skip("+")) return [1, Infinity];
  if (reader.skip("?")) return [0, 1];
  const match = reader.match(/\{(\d{1,3})(,(\d{1,3})?)?\}/y);
  if (match === null) return undefined;
  const least = Number(match[1]);
  const most = match[3] === undefined
    ? match[2] === undefined ? least : Infinity
    : Number(match[3]);
  const highest = most === Infinity ? least : most;
  if (most < least || highest > MOST_REPETITIONS) {
    throw reader.error(`repetitions go from 0 to ${MOST_REPETITIONS}, upwards`);
  }
  return [least, most];
}

function parseAtom(reader: Reader): Node {
  const character = reader.take();
  switch (character) {
    case "^":
      return { type: "start" };
    case "$":
      return { type: "end" };
    case ".":
      return setOf(() => true);
    case "[":
      return parseClass(reader);
    case "(":
      return parseGroup(reader);
    case "\\":
      return { type: "set", symbols: parseEscape(reader) };
    case "*":
    case "+":
    case "?":
    case "{":
      throw reader.error(`nothing to repeat before '${character}'`);
    default:
      return {
        type: "set",
        symbols: new Set([symbolOf(character.charCodeAt(0))]),
      };
  }
}

function parseGroup(reader: Reader): Node {
  if (reader.next === "?" && !reader.skip("?:")) {
    throw reader.error("no lookaround and no names here: use ( ) or (?: )");
  }
  const node = parseChoice(reader);
  if (!reader.skip(")")) throw reader.error("')' is missing");
  return node;
}

function parseEscape(reader: Reader): ReadonlySet<number> {
  const character = reader.take();
  if (character === "d") return symbolsOf((text) => /\d/.test(text));
  if (character === "w") return symbolsOf((text) => /\w/.test(text));
  if (/[a-z\d]/.test(character)) {
    throw reader.error(
      `no '\\${character}' here: escapes are \\d, \\w and those of punctuation`,
    );
  }
  return new Set([symbolOf(character.charCodeAt(0))]);
}

function parseClass(reader: Reader): Node {
  const isNegated = reader.skip("^");
  const symbols = new Set<number>();
  do {
    const first = reader.take();
    if (first === "\\") {
      for (const symbol of parseEscape(reader)) symbols.add(symbol);
      continue;
    }
    const [, last] = reader.match(/-([^\]\\])/y) ?? [];
    if (last !== undefined && last < first) {
      throw reader.error(`range ${first}-${last} is upside down`);
    }
    symbols.add(symbolOf(first.charCodeAt(0)));
    for (const symbol of between(first, last ?? first)) symbols.add(symbol);
  } while (reader.next !== "]");
  reader.skip("]");
  return isNegated
    ? setOf((symbol) => !symbols.has(symbol))
    : { type: "set", symbols };
}

function between(first: string, last: string): ReadonlySet<number> {
  return symbolsOf((text) => text >= first && text <= last);
}

function symbolsOf(accept: (text: string) => boolean): ReadonlySet<number> {
  const indexes = [...ALPHABET].keys();
  return new Set(indexes.filter((index) => accept(ALPHABET[index]!)));
}

function setOf(accept: (symbol: number) => boolean): Node {
  const all = Array.from({ length: ALPHABET.length + 1 }, (_, index) => index);
  return { type: "set", symbols: new Set(all.filter(accept)) };
}
