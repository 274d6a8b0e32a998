/**
 * A line of rules, cut into words.
 *
 * @module
 */

/** One value of a list. */
export interface Item {
  /** Without quotes. */
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly column: number;
  /** Whether it stood in quotes: then no sign in it means anything. */
  readonly isQuoted: boolean;
}

/** A list of values with commas between them; a word is a list of one. */
export type List = readonly [Item, ...Item[]];

/** A mistake in a line. */
export class LineError extends SyntaxError {
  /** Where it is, counted from 1. */
  readonly column: number;

  /**
   * Constructs an error.
   *
   * @param column Where it is, counted from 1.
   * @param message What is wrong there.
   */
  constructor(column: number, message: string) {
    super(message);
    this.name = "LineError";
    this.column = column;
  }
}

/** In quotes; a regular expression; or neither. */
const ITEM = /"([^"]*)"|\/(?:[^/\\]|\\.)*\/|[^\s,"][^\s,"]*/y;
const COMMA = /\s*,\s*/y;
const SPACE = /\s+/y;

/**
 * Cuts a line. White space stands between lists, and may stand beside commas.
 * `#` at the beginning of a word begins a comment.
 *
 * @param line The line.
 * @returns The lists; none for an empty line.
 * @throws {LineError} If a quote is open or a comma has nothing behind it.
 */
export function splitLine(line: string): List[] {
  const lists: List[] = [];
  const start = (match(SPACE, line, 0)?.[0].length) ?? 0;
  for (let at = start; at < line.length && line[at] !== "#";) {
    const list: Item[] = [];
    while (true) {
      const found = match(ITEM, line, at);
      if (found === null) throw new LineError(at + 1, describe(line[at]));
      const [whole, quoted] = found;
      list.push({
        text: quoted ?? whole,
        column: at + 1,
        isQuoted: quoted !== undefined,
      });
      at += whole.length;
      const comma = match(COMMA, line, at);
      if (comma === null) break;
      at += comma[0].length;
    }
    const space = match(SPACE, line, at);
    if (space === null && at < line.length) {
      throw new LineError(at + 1, "expected a space or a comma");
    }
    at += space?.[0].length ?? 0;
    lists.push(list as unknown as List);
  }
  return lists;
}

function describe(character: string | undefined): string {
  return character === '"'
    ? "the quote is not closed"
    : "expected a value beside the comma";
}

function match(
  pattern: RegExp,
  line: string,
  at: number,
): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(line);
}
