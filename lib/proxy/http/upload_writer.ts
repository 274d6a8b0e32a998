/**
 * Writes to an origin server that may stop reading, and watches the client
 * meanwhile.
 *
 * @module
 */

import { type Buffer, LARGE_BUFFERS } from "../../net/buffer_pool.ts";
import { type Deadline, setDeadline } from "../../sync/deadline.ts";
import type { ConnectionPair } from "./connection_pair.ts";

/** Milliseconds between checks for progress. */
const LOOK = 500;

/**
 * Most bytes read ahead of a stalled origin server, to find the client's end
 * after them.
 */
const MOST_AHEAD: number = 1024 * 1024;

/**
 * Writes the body of one request. If there is no progress for a while, it
 * probes the client's socket for a reset, and reads ahead into a buffer: an end
 * of file within the body appears only after the bytes before it.
 */
export class UploadWriter implements Disposable {
  readonly #pair: ConnectionPair;
  readonly #onReset: (error: unknown) => void;
  #look: Deadline;
  #seen = 0;
  /** Lets the relay continue while its last piece is still being written. */
  #setAside: (() => void) | undefined;
  #ahead: Buffer | undefined;
  #length = 0;
  #draining: Promise<void> | undefined;

  /**
   * Starts the checks.
   *
   * @param pair The two connections.
   * @param onReset Called when the client has reset its connection.
   */
  constructor(pair: ConnectionPair, onReset: (error: unknown) => void) {
    this.#pair = pair;
    this.#onReset = onReset;
    this.#seen = pair.client.sent;
    this.#look = setDeadline(LOOK, () => this.#lookAfter());
  }

  /**
   * Writes a piece, or sets it aside if the one before is still being written
   * and there is room.
   *
   * @param bytes The piece; in use until the promise settles.
   * @throws The error of the origin server's socket.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (this.#draining !== undefined) {
      if (this.#keep(bytes)) return;
      await this.#draining;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const writing = this.#pair.toOrigin(bytes);
    writing.then(resolve, reject);
    this.#setAside = () => {
      this.#draining = this.#drain(writing);
      this.#draining.catch(() => {}); // The next write or flush throws the error.
      resolve();
    };
    await promise;
    this.#setAside = undefined;
  }

  /**
   * Waits until pieces set aside are written.
   *
   * @throws The error of the origin server's socket.
   */
  async flush(): Promise<void> {
    await this.#draining;
  }

  /** Stops the checks. */
  [Symbol.dispose](): void {
    this.#look.clear();
  }

  #lookAfter(): void {
    const { client } = this.#pair;
    const isStalled = client.sent === this.#seen &&
      (this.#setAside !== undefined || this.#draining !== undefined);
    this.#seen = client.sent;
    if (isStalled) {
      client.session.client.probe().catch(this.#onReset);
      if (this.#setAside !== undefined) this.#readAhead(this.#setAside);
    }
    this.#look = setDeadline(LOOK, () => this.#lookAfter());
  }

  #readAhead(setAside: () => void): void {
    this.#ahead = LARGE_BUFFERS.take(MOST_AHEAD);
    if (this.#ahead === undefined) return; // Resets are still noticed.
    this.#setAside = undefined;
    this.#length = 0;
    // The piece being written lies in the memory of the next read.
    this.#pair.client.reader.detach();
    setAside();
  }

  #keep(bytes: Uint8Array): boolean {
    const end = this.#length + bytes.length;
    // The buffer is gone if the origin server has failed.
    if (this.#ahead === undefined || end > MOST_AHEAD) return false;
    this.#ahead.set(bytes, this.#length);
    this.#length = end;
    return true;
  }

  /** Writes kept pieces after the last one, including those added meanwhile. */
  async #drain(writing: Promise<void>): Promise<void> {
    try {
      await writing;
      for (let at = 0; at < this.#length;) {
        const end = this.#length;
        await this.#pair.toOrigin(this.#ahead!.subarray(at, end));
        at = end;
      }
      this.#draining = undefined;
    } finally {
      LARGE_BUFFERS.give(this.#ahead!);
      this.#ahead = undefined;
    }
  }
}
