/**
 * Regular expressions over names, matched in linear time: a name comes from a
 * client, and must not be able to make a backtracking matcher spin.
 *
 * @module
 */

import type * as Re2 from "re2js";

/** Longest expression in characters. */
const LONGEST_EXPRESSION = 256;

/** Instructions of one expression, after its repetitions are written out. */
const MOST_INSTRUCTIONS = 1_000;

/** What the library puts before its own words, and before the expression. */
const PREFIXES = /^error parsing regexp: |\(\?i\)/g;

let library: typeof Re2 | undefined;

/**
 * Loads the library. It takes 10 ms and 5 MB, which only rules with a regular
 * expression are to spend.
 */
export async function loadNameRegexps(): Promise<void> {
  library ??= await import("re2js");
}

/** A compiled expression, in the language of RE2. */
export class NameRegexp {
  /** The text between the slashes. */
  readonly text: string;
  readonly #regexp: Re2.RE2JS;

  /**
   * Compiles an expression, once the library is loaded. What it learns from names
   * takes 8 MiB at most: the library then starts over.
   *
   * @param text The text between the slashes; letter case makes no difference.
   * @throws {SyntaxError} If it is too long, too large, or not in the language:
   *   back-references and lookaround cannot be matched in linear time.
   */
  constructor(text: string) {
    if (text.length > LONGEST_EXPRESSION) {
      throw new SyntaxError(
        `regular expression has ${text.length} characters; at most ${LONGEST_EXPRESSION} are allowed`,
      );
    }
    this.text = text;
    this.#regexp = compile(text);
    if (this.#regexp.programSize() > MOST_INSTRUCTIONS) {
      throw new SyntaxError(
        "regular expression is too large with its repetitions written out",
      );
    }
  }

  /**
   * Tells whether a name has a part that matches; `^` and `$` make it the
   * whole.
   *
   * @param name A name in lower case.
   * @returns Whether it matches, in time linear in the length of the name.
   */
  test(name: string): boolean {
    return this.#regexp.test(name);
  }
}

function compile(text: string): Re2.RE2JS {
  const { RE2JS, RE2JSException } = library!;
  try {
    return RE2JS.compile(text, RE2JS.CASE_INSENSITIVE);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    const state = error.message.replaceAll(PREFIXES, "");
    throw new SyntaxError(`regular expression (RE2): ${state}`, {
      cause: error,
    });
  }
}
