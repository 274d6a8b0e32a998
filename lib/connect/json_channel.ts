/**
 * A channel that carries one JSON value a line, and nothing else.
 *
 * @module
 */

import type { Buffer } from "../net/buffer_pool.ts";
import type { ByteChannel } from "../net/connection.ts";
import { Duplex } from "../net/duplex.ts";
import { jsonLines } from "./json_lines.ts";

/** Lines that were left out are told of one by one, up to so many. */
const MOST_TOLD = 100;

const NOTHING = new Uint8Array();

/** Lets only lines through that are JSON values, both ways. */
export class JsonChannel implements ByteChannel {
  readonly #channel: ByteChannel;
  readonly #typed: ReadableStreamDefaultReader<Buffer>;
  readonly #shown: WritableStreamDefaultWriter<Buffer>;
  readonly #showing: Promise<void>;
  readonly #warn: (message: string) => void;
  /** What was read of a line, and is still to be given. */
  #rest: Buffer = NOTHING;
  #refused = 0;

  /**
   * Wraps a channel; closed with this.
   *
   * @param channel What is read and written.
   * @param warn Told which line was left out, in one line. Not escaped.
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
    this.#showing.catch(() => {}); // The next write tells it.
  }

  /** Lines that were left out, either way, because they are not JSON. */
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

  /** Writes what has come; a line is passed on once it is complete. */
  async write(bytes: Uint8Array): Promise<number> {
    await this.#shown.write(bytes.slice());
    return bytes.length;
  }

  /** Writes the last line, also if it has no end, and ends the output. */
  async closeWrite(): Promise<void> {
    await this.#shown.close();
    await this.#showing;
  }

  /** Closes the channel; what waits for it fails. */
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
