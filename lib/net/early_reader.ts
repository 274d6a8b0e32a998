/**
 * Reading from a connection while nothing is expected of it, to notice that it
 * ends or speaks.
 *
 * @module
 */

import type { Duplex } from "./duplex.ts";

/** Options for {@linkcode EarlyReader}. */
export interface EarlyReaderOptions {
  /**
   * Bytes that are kept (default 16 KiB): they fit the send buffer of any
   * connection that has just been opened, so whoever writes them to one first
   * does not wait for its other end. 0 keeps none.
   */
  most?: number;
  /** Makes the error of a peer that says more. */
  tooMuch?: () => Error;
}

/** Reads from a peer until it is stopped, and keeps what comes. */
export class EarlyReader {
  readonly #peer: Duplex;
  readonly #early: Uint8Array[] = [];
  readonly #reading: Promise<void>;
  readonly #most: number;
  readonly #tooMuch: () => Error;
  #stopped = false;

  /**
   * Starts to read.
   *
   * @param peer The peer; nobody else receives from it until
   *   {@linkcode EarlyReader.stop}.
   * @param onEnd Told once why the peer is of no use any more: it has closed,
   *   has reset, or says more than is kept.
   * @param options What is kept.
   */
  constructor(
    peer: Duplex,
    onEnd: (error: unknown) => void,
    options: EarlyReaderOptions = {},
  ) {
    this.#most = options.most ?? 16 * 1024;
    this.#tooMuch = options.tooMuch ??
      (() => new RangeError("Peer says too much too early"));
    this.#peer = peer;
    this.#reading = this.#read().catch((error: unknown) => {
      if (!this.#stopped) onEnd(error);
    });
  }

  /**
   * Gives the peer back. The read that is under way goes on: what it brings, and
   * the end of file too, is the next that is received.
   *
   * @returns What the peer has said so far, in order.
   */
  async stop(): Promise<readonly Uint8Array[]> {
    this.#stopped = true;
    this.#peer.interrupt();
    await this.#reading; // Bytes may have been given and not been kept yet.
    return this.#early;
  }

  async #read(): Promise<void> {
    let length = 0;
    do {
      const bytes = await this.#peer.receive();
      if (bytes === undefined) return;
      if (bytes === null) throw new Deno.errors.UnexpectedEof("Peer closed");
      this.#early.push(bytes.slice()); // Its buffer is used again.
      length += bytes.length;
      if (length > this.#most) throw this.#tooMuch();
    } while (!this.#stopped);
  }
}
