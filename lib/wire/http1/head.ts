/**
 * The head of a message: a start line, fields, an empty line (RFC 9112 §2.1).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { type Field, Fields, parseField } from "./fields.ts";
import { LineScanner } from "./line.ts";

/** Most bytes of a start line, without its line end. */
export const MOST_START_LINE: number = 8 * 1024;

/** Most bytes of a head, including its empty line. */
export const MOST_HEAD: number = 32 * 1024;

/** Most field lines of a head. */
export const MOST_FIELDS = 100;

/**
 * Most empty lines before a head. Some clients send an extra one after a body
 * or before their first request (RFC 9112 §2.2).
 */
export const MOST_EMPTY_LINES = 2;

/** A head with an unparsed start line. */
export interface Head {
  /** First line, without its line end. */
  startLine: string;
  /** The fields in order. */
  fields: Fields;
}

/** Collects a head from incoming bytes, within limits. */
export class HeadScanner {
  readonly #lines = new LineScanner();
  readonly #fields: Field[] = [];
  #startLine: string | undefined;
  #emptyLines: number;
  #length = 0;
  #head: Head | undefined;

  /**
   * Creates a scanner at the first byte of a message.
   *
   * @param emptyLines Most empty lines before the head (default 2).
   */
  constructor(emptyLines: number = MOST_EMPTY_LINES) {
    this.#emptyLines = emptyLines;
  }

  /** The head, once its empty line has arrived. */
  get head(): Head | undefined {
    return this.#head;
  }

  /** Whether anything other than an empty line has arrived. */
  get isBegun(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes bytes up to the end of the head.
   *
   * @param bytes The next bytes from the connection.
   * @returns Number of bytes that belong to the head.
   * @throws {HttpError} 414 if the start line is too long, 431 if the head is
   *   too large, 400 if the bytes are not a head.
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
 * @param startLine First line, without its line end.
 * @param fields The fields in order.
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
