/**
 * Regular expressions for names, matched in linear time: clients choose names,
 * and could stall a backtracking matcher.
 *
 * @module
 */

import type * as Re2 from "re2js";

/** Longest expression in characters. */
const LONGEST_EXPRESSION = 256;

/** Most instructions of one expression, with its repetitions written out. */
const MOST_INSTRUCTIONS = 1_000;

/** Prefixes that the library adds to its messages and to the expression. */
const PREFIXES = /^error parsing regexp: |\(\?i\)/g;

let library: typeof Re2 | undefined;

/**
 * Loads the library. It costs 10 ms and 5 MB, so only rules with a regular
 * expression load it.
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
   * Compiles an expression, after the library is loaded. The library's cache of
   * states is bounded by 8 MiB; then it starts over.
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
   * Tells whether a part of a name matches; with `^` and `$` the whole name.
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
