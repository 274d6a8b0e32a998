/**
 * A channel that carries one JSON value per line and nothing else.
 *
 * @module
 */

import type { Buffer } from "../net/buffer_pool.ts";
import type { ByteChannel } from "../net/connection.ts";
import { Duplex } from "../net/duplex.ts";
import { jsonLines } from "./json_lines.ts";

/** Most refused lines to report one by one. */
const MOST_TOLD = 100;

const NOTHING = new Uint8Array();

/** Passes only lines that are JSON values, in both directions. */
export class JsonChannel implements ByteChannel {
  readonly #channel: ByteChannel;
  readonly #typed: ReadableStreamDefaultReader<Buffer>;
  readonly #shown: WritableStreamDefaultWriter<Buffer>;
  readonly #showing: Promise<void>;
  readonly #warn: (message: string) => void;
  /** The unread remainder of a line. */
  #rest: Buffer = NOTHING;
  #refused = 0;

  /**
   * Wraps a channel; disposing of this also closes the channel.
   *
   * @param warn Receives one line for each refused line. Not escaped.
   */
  constructor(channel: ByteChannel, warn: (message: string) => void) {
    this.#channel = channel;
    this.#warn = warn;
    const { readable, writable } = new Duplex(channel);
    this.#typed = readable.pipeThrough(jsonLines({
      onRefusal: (number, reason) =>
        this.#refuse(`Line ${number} is not sent: ${reason}`),
    })).getReader();
    const shown = jsonLines({
      onRefusal: (number, reason) =>
        this.#refuse(`Line ${number} of the target is not printed: ${reason}`),
    });
    this.#shown = shown.writable.getWriter();
    this.#showing = shown.readable.pipeTo(writable);
    this.#showing.catch(() => {}); // The next write reports it.
  }

  /** Number of lines refused in both directions because they are not JSON. */
  get refused(): number {
    return this.#refused;
  }

  /** Reads lines, or a part of one: the number of bytes, or null at the end. */
  async read(buffer: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const { value, done } = await this.#typed.read();
      if (done) return null;
      this.#rest = value;
    }
    const part = this.#rest.subarray(0, buffer.length);
    this.#rest = this.#rest.subarray(part.length);
    buffer.set(part);
    return part.length;
  }

  /** Writes bytes; each line goes on once it is complete. */
  async write(bytes: Uint8Array): Promise<number> {
    await this.#shown.write(bytes.slice());
    return bytes.length;
  }

  /** Writes the last line, even without a line end, and ends the output. */
  async closeWrite(): Promise<void> {
    await this.#shown.close();
    await this.#showing;
  }

  /** Closes the channel; pending reads and writes fail. */
  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]();
  }

  #refuse(message: string): void {
    if (this.#refused++ < MOST_TOLD) this.#warn(message);
    else if (this.#refused === MOST_TOLD + 1) {
      this.#warn("More lines were left out; Sluice only counts them");
    }
  }
}
