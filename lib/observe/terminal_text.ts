/**
 * Makes a stream from an untrusted peer safe for a terminal.
 *
 * @module
 */

import { escape } from "./escape.ts";

/** Everything but line feed, carriage return and tab, which text needs. */
const PIECE = /[^\t\n\r]+/g;

/**
 * Escapes a stream of bytes for a terminal. Characters that could control it
 * (move the cursor, set its title, fill the clipboard) become `\\u001b` and so
 * on. A character that is split between two chunks is held back until it is
 * complete.
 */
export class TerminalText {
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  /**
   * Escapes the next chunk.
   *
   * @param bytes UTF-8; invalid bytes become U+FFFD.
   * @returns The bytes to show.
   */
  push(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#escape(this.#decoder.decode(bytes, { stream: true }));
  }

  /**
   * Ends the stream.
   *
   * @returns The bytes that were held back.
   */
  end(): Uint8Array<ArrayBuffer> {
    return this.#escape(this.#decoder.decode());
  }

  #escape(text: string): Uint8Array<ArrayBuffer> {
    return this.#encoder.encode(text.replace(PIECE, escape));
  }
}
