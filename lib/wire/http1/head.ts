/**
 * The head of a message: a start line, fields, an empty line (RFC 9112 §2.1).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { type Field, Fields, parseField } from "./fields.ts";
import { LineScanner } from "./line.ts";

/** Bytes of a start line without its end. */
export const MOST_START_LINE: number = 8 * 1024;

/** Bytes of a whole head, its empty line included. */
export const MOST_HEAD: number = 32 * 1024;

/** Field lines of a head. */
export const MOST_FIELDS = 100;

/**
 * Empty lines before a head that are let pass: some clients send one too many
 * after a body, or before their first request (RFC 9112 §2.2).
 */
export const MOST_EMPTY_LINES = 2;

/** A head whose start line is still to be parsed. */
export interface Head {
  /** First line, without its end. */
  startLine: string;
  /** Fields in their order. */
  fields: Fields;
}

/** Collects a head from bytes as they come, within limits. */
export class HeadScanner {
  readonly #lines = new LineScanner();
  readonly #fields: Field[] = [];
  #startLine: string | undefined;
  #emptyLines: number;
  #length = 0;
  #head: Head | undefined;

  /**
   * Begins at the first byte.
   *
   * @param emptyLines How many may come before the head (default 2).
   */
  constructor(emptyLines: number = MOST_EMPTY_LINES) {
    this.#emptyLines = emptyLines;
  }

  /** The head, once its empty line was seen. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** Whether anything but an empty line has come so far. */
  get isBegun(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes bytes up to the end of the head.
   *
   * @param bytes What has come.
   * @returns How many of them belong to the head.
   * @throws {HttpError} 414 for a start line, 431 for a head over its limit,
   *   400 for bytes that are no head.
   */
  push(bytes: Uint8Array): number {
    for (let n = 0; n < bytes.length; n++) {
      if (this.#length++ === MOST_HEAD) {
        throw new HttpError(431, `Head is longer than ${MOST_HEAD} bytes`);
      }
      const line = this.#startLine === undefined
        ? this.#lines.add(bytes[n]!, MOST_START_LINE, 414)
        : this.#lines.add(bytes[n]!, MOST_HEAD, 431);
      if (line === undefined) continue;
      this.#take(line);
      if (this.#head !== undefined) return n + 1;
    }
    return bytes.length;
  }

  #take(line: string): void {
    if (this.#startLine === undefined) {
      this.#takeStartLine(line);
    } else if (line === "") {
      this.#head = {
        startLine: this.#startLine,
        fields: new Fields(this.#fields),
      };
    } else if (this.#fields.length === MOST_FIELDS) {
      throw new HttpError(431, `Head has more than ${MOST_FIELDS} fields`);
    } else {
      this.#fields.push(parseField(line));
    }
  }

  #takeStartLine(line: string): void {
    if (line !== "") {
      this.#startLine = line;
    } else if (this.#emptyLines === 0) {
      throw new HttpError(
        400,
        `Cannot parse head: more than ${MOST_EMPTY_LINES} empty lines before it`,
      );
    } else {
      this.#emptyLines--;
      this.#length = 0;
    }
  }
}

/**
 * Encodes a head.
 *
 * @param startLine First line, without its end.
 * @param fields Fields in their order.
 * @returns The head with its empty line; each character becomes a byte.
 */
export function encodeHead(
  startLine: string,
  fields: Iterable<Field>,
): Uint8Array<ArrayBuffer> {
  let text = `${startLine}\r\n`;
  for (const [name, value] of fields) text += `${name}: ${value}\r\n`;
  text += "\r\n";
  const bytes = new Uint8Array(text.length);
  for (let n = 0; n < text.length; n++) bytes[n] = text.charCodeAt(n);
  return bytes;
}
