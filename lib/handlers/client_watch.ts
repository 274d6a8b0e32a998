/**
 * Noticing that a client leaves while nothing is expected of it.
 *
 * @module
 */

import type { Duplex } from "../net/duplex.ts";
import { Refusal } from "../policy/refusal.ts";

/**
 * Bytes kept of what a client says early. They fit the send buffer of any
 * connection that has just been opened, so whoever writes them to one first
 * does not wait for its other end.
 */
const MOST_EARLY = 16 * 1024;

/** Reads from a client until it is stopped, and keeps what comes. */
export class ClientWatch {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #early: Uint8Array[] = [];
  readonly #watching: Promise<void>;
  #stopped = false;

  /**
   * Starts to read.
   *
   * @param client The client; its stream is locked until
   *   {@linkcode ClientWatch.stop}.
   * @param onEnd Told once why the client is of no use any more: it has closed,
   *   has reset, or says more than is kept.
   */
  constructor(client: Duplex, onEnd: (error: unknown) => void) {
    this.#reader = client.readable.getReader();
    this.#watching = this.#watch().catch((error: unknown) => {
      if (!this.#stopped) onEnd(error);
    });
  }

  /**
   * Gives the client's stream back. The read that is under way goes on: what it
   * brings, and the end of file too, is the first thing in the stream.
   *
   * @returns What the client has said so far, in order. It comes before what is
   *   in the stream, and can't be put back, which is why it is returned.
   */
  async stop(): Promise<readonly Uint8Array[]> {
    this.#stopped = true;
    this.#reader.releaseLock();
    await this.#watching; // A chunk may have been given and not been kept yet.
    return this.#early;
  }

  async #watch(): Promise<void> {
    let length = 0;
    do {
      const { value, done } = await this.#reader.read();
      if (done) throw new Deno.errors.UnexpectedEof("Client closed");
      this.#early.push(value.slice()); // Its buffer is used again.
      length += value.length;
      if (length > MOST_EARLY) {
        throw new Refusal("limit reached", "Client says too much too early");
      }
    } while (!this.#stopped);
  }
}
