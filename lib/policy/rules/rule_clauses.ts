/**
 * The clauses of a rule: a word each, and what follows it.
 *
 * @module
 */

import { quote } from "../../wire/quote.ts";
import { CONDITIONS } from "./conditions.ts";
import { LineError, type List } from "./rule_line.ts";

/** Words that make one test together. */
export const TIME_WORDS: readonly string[] = ["day", "time", "zone"];

/** Words with a value that `not` cannot stand before. */
const PLAIN_WORDS = ["zone", "via", "message"];

/** Words that stand alone. */
const FLAG_WORDS = ["any-protocol"];

const WORDS: readonly string[] = [
  ...Object.keys(CONDITIONS),
  ...TIME_WORDS,
  "via",
  "message",
  ...FLAG_WORDS,
];

/** A condition as it is written. */
export interface Clause {
  /** What it is called. */
  readonly word: string;
  /** Where it begins, counted from 1. */
  readonly column: number;
  /** Whether `not` stands before it. */
  readonly isNegated: boolean;
  /** What follows; the word itself where nothing may follow. */
  readonly values: List;
}

/**
 * Parses what follows `allow` or `deny`.
 *
 * @param lists The rest of the line, cut.
 * @param end The column behind the line.
 * @param words Words that may stand there (default all).
 * @returns The clauses.
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
    // Days and times make one test, so that only one of each has a meaning.
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
 * Tells the word that a list of one is.
 *
 * @param list The list, if there is one.
 * @returns The word; several values with their commas.
 */
export function wordOf(list: List | undefined): string | undefined {
  return list?.map(formatItem).join();
}

/**
 * Writes a value as it stood in the line.
 *
 * @param item The value.
 * @returns The value, in quotes if it stood in quotes.
 */
export function formatItem({ text, isQuoted }: List[0]): string {
  return isQuoted ? `"${text}"` : text;
}

/**
 * Finds the end of a line.
 *
 * @param lists The line, cut; not empty.
 * @returns The column behind the last value.
 */
export function endOf(lists: readonly List[]): number {
  const { column, text, isQuoted } = lists.at(-1)!.at(-1)!;
  return column + text.length + (isQuoted ? 2 : 0);
}
