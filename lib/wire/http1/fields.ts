/**
 * Header and trailer fields (RFC 9110 §5, RFC 9112 §5).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";

/** A field as sent, without the whitespace around its value. */
export type Field = readonly [name: string, value: string];

/** A method or a field name (RFC 9110 §5.6.2). */
export const TOKEN = /^[!#$%&'*+.^_`|~\dA-Za-z-]+$/;

/** The fields of one message, in order. */
export class Fields implements Iterable<Field> {
  readonly #list: readonly Field[];

  /**
   * Wraps a list of fields.
   *
   * @param list The fields. Names and values are not checked.
   */
  constructor(list: readonly Field[] = []) {
    this.#list = list;
  }

  /** Iterates over the fields in order. */
  [Symbol.iterator](): Iterator<Field> {
    return this.#list[Symbol.iterator]();
  }

  /**
   * Finds the values of a field.
   *
   * @param name Field name in lower case.
   * @returns One value for each line with that name.
   */
  all(name: string): string[] {
    return this.#list
      .filter(([found]) => found.toLowerCase() === name)
      .map(([, value]) => value);
  }

  /**
   * Finds the elements of a list field (RFC 9110 §5.6.1).
   *
   * @param name Field name in lower case.
   * @returns The elements of all its lines, in lower case.
   */
  tokens(name: string): string[] {
    return this.all(name)
      .flatMap((value) => value.split(","))
      .map((token) => trimSpace(token).toLowerCase())
      .filter((token) => token !== "");
  }
}

/**
 * Parses a field line. It refuses a folded line (obs-fold, RFC 9112 §5.2) and
 * whitespace before the colon (§5.1), because recipients interpret them
 * differently.
 *
 * @param line A line from `LineScanner`, without its line end.
 * @throws {HttpError} If the line is not a valid field.
 */
export function parseField(line: string): Field {
  const colon = line.indexOf(":");
  const name = line.slice(0, Math.max(colon, 0));
  if (!TOKEN.test(name)) {
    const isFold = line.startsWith(" ") || line.startsWith("\t");
    throw new HttpError(
      400,
      isFold
        ? "Cannot parse field: a line continues the one before it"
        : `Cannot parse field: its name is ${
          JSON.stringify(name.slice(0, 40))
        }`,
    );
  }
  return [name, trimSpace(line.slice(colon + 1))];
}

/**
 * Removes OWS. `trim()` would also remove U+00A0, which is an ordinary byte
 * here.
 */
function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text[start])) start++;
  while (end > start && isSpace(text[end - 1])) end--;
  return text.slice(start, end);
}

function isSpace(character: string | undefined): boolean {
  return character === " " || character === "\t";
}
