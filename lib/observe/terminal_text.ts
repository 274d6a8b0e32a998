/**
 * What a stranger sent, as a terminal may show it.
 *
 * @module
 */

import { escape } from "./escape.ts";

/** All but line feed, carriage return and tab, which every text has. */
const PIECE = /[^\t\n\r]+/g;

/**
 * Escapes a stream of bytes for a terminal: characters that could drive it (move
 * the cursor, set its title, fill the clipboard) are written as `\\u001b` and so
 * on. A character that is cut in two is held back until it is whole.
 */
export class TerminalText {
  readonly #decoder = new TextDecoder();
  readonly #encoder = new TextEncoder();

  /**
   * Escapes what comes next.
   *
   * @param bytes UTF-8; what is none becomes U+FFFD.
   * @returns What to show.
   */
  push(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#escape(this.#decoder.decode(bytes, { stream: true }));
  }

  /**
   * Ends the stream.
   *
   * @returns What was held back.
   */
  end(): Uint8Array<ArrayBuffer> {
    return this.#escape(this.#decoder.decode());
  }

  #escape(text: string): Uint8Array<ArrayBuffer> {
    return this.#encoder.encode(text.replace(PIECE, escape));
  }
}
