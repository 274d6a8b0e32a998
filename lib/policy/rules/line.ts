/**
 * Splits a line of rules into words.
 *
 * @module
 */

/** One value of a list. */
export interface Item {
  /** The text without quotes. */
  readonly text: string;
  /** Its column, counted from 1. */
  readonly column: number;
  /** Whether it was quoted; its characters then have no special meaning. */
  readonly isQuoted: boolean;
}

/** A list of values with commas between them; a word is a list of one. */
export type List = readonly [Item, ...Item[]];

/** A mistake in a line. */
export class LineError extends SyntaxError {
  /** Its column, counted from 1. */
  readonly column: number;

  /**
   * Constructs an error.
   *
   * @param column Its column, counted from 1.
   * @param message The mistake.
   */
  constructor(column: number, message: string) {
    super(message);
    this.name = "LineError";
    this.column = column;
  }
}

/** A quoted value, a regular expression or a plain value. */
const ITEM = /"([^"]*)"|\/(?:[^/\\]|\\.)*\/|[^\s,"][^\s,"]*/y;
const COMMA = /\s*,\s*/y;
const SPACE = /\s+/y;

/**
 * Splits a line. White space separates lists, and is allowed around commas. `#`
 * at the start of a word begins a comment.
 *
 * @returns The lists; none for an empty line.
 * @throws {LineError} If a quote is not closed or nothing follows a comma.
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
