/**
 * Parses the clauses of a rule: a word and its values.
 *
 * @module
 */

import { quote } from "../../wire/quote.ts";
import { CONDITIONS } from "./conditions.ts";
import { LineError, type List } from "./line.ts";

/** Words that form one test together. */
export const TIME_WORDS: readonly string[] = ["day", "time", "zone"];

/** Words with a value that can't be negated. */
const PLAIN_WORDS = ["zone", "via", "message"];

/** Words without values. */
const FLAG_WORDS = ["any-protocol"];

const WORDS: readonly string[] = [
  ...Object.keys(CONDITIONS),
  ...TIME_WORDS,
  "via",
  "message",
  ...FLAG_WORDS,
];

/** A clause as written. */
export interface Clause {
  /** Its word. */
  readonly word: string;
  /** Its column, counted from 1. */
  readonly column: number;
  /** Whether `not` stands before it. */
  readonly isNegated: boolean;
  /** Its values; the word itself if it takes none. */
  readonly values: List;
}

/**
 * Parses the clauses after `allow` or `deny`.
 *
 * @param lists The rest of the line as lists.
 * @param end The column after the line.
 * @param words Allowed words (default all).
 * @throws {LineError} If a word is unknown, comes twice or has no values.
 */
export function parseClauses(
  lists: readonly List[],
  end: number,
  words: readonly string[] = WORDS,
): Clause[] {
  const clauses: Clause[] = [];
  const seen = new Set<string>();
  for (let n = 0; n < lists.length; n++) {
    const isNegated = wordOf(lists[n]) === "not";
    if (isNegated) n++;
    const column = lists[n]?.[0].column ?? end;
    const word = wordOf(lists[n]) ?? "";
    const isFlag = FLAG_WORDS.includes(word);
    const isPlain = isFlag || PLAIN_WORDS.includes(word);
    if (!words.includes(word) || isNegated && isPlain) {
      const found = word === "" ? "" : `, not ${quote(word)}`;
      throw new LineError(
        column,
        `expected a condition (${words.join(", ")})${found}`,
      );
    }
    const values = isFlag ? lists[n] : lists[++n];
    if (values === undefined) {
      throw new LineError(end, `expected values for ${quote(word)}`);
    }
    // Days and times form one test, so each may occur once.
    const key = isNegated && !TIME_WORDS.includes(word) ? `not ${word}` : word;
    if (seen.has(key)) {
      throw new LineError(
        column,
        `${quote(key)} is given twice: separate its values by commas`,
      );
    }
    seen.add(key);
    clauses.push({ word, column, isNegated, values });
  }
  return clauses;
}

/**
 * Returns the text of a list as a word.
 *
 * @param list The list, if there is one.
 * @returns The word; several values with their commas.
 */
export function wordOf(list: List | undefined): string | undefined {
  return list?.map(formatItem).join();
}

/**
 * Formats a value as in the line.
 *
 * @param item The value.
 * @returns The value, quoted if it was quoted.
 */
export function formatItem({ text, isQuoted }: List[0]): string {
  return isQuoted ? `"${text}"` : text;
}

/**
 * Finds the end of a line.
 *
 * @param lists The line's lists; not empty.
 * @returns The column after the last value.
 */
export function endOf(lists: readonly List[]): number {
  const { column, text, isQuoted } = lists.at(-1)!.at(-1)!;
  return column + text.length + (isQuoted ? 2 : 0);
}
