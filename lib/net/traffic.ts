/**
 * What one connection has carried, and what it is doing now.
 *
 * @module
 */

import type { ByteChannel } from "./connection.ts";

/** Counts and states that both directions of a connection share. */
export class Traffic {
  /** Bytes that were taken from the connection and not put back. */
  received = 0;
  /** Bytes of the tunnel that the system has accepted for the peer. */
  sent = 0;
  /** Whether reading or writing has failed. */
  hasFailed = false;
  /**
   * The error that a write was told and a read will not be: the system tells it
   * once, and the read sees an ordinary end.
   */
  untold: unknown;
  /** Whether a write waits for the peer to take more. */
  isWriting = false;
  /** Whether the peer has sent nothing since the last write. */
  awaitsAnswer = false;
  /** Whether FIN was sent, so that nothing more can be written. */
  hasEnded = false;
  /** Whether the connection was closed by us. */
  isClosed = false;
  /** Whether the peer may still have to acknowledge what was written last. */
  #isUnacknowledged = false;
  #isHurried = false;

  /**
   * Notes a write that begins, and turns Nagle's algorithm off before the first
   * one that it could hold back: behind bytes that the peer has not answered, or
   * in the middle of a tunnel. Many connections never get there, and the call
   * costs 4 us.
   *
   * @param channel Connection that is written to.
   */
  beginWrite(channel: ByteChannel): void {
    if (!this.#isHurried && (this.#isUnacknowledged || this.sent > 0)) {
      this.#isHurried = true;
      channel.setNoDelay?.(true);
    }
    this.#isUnacknowledged = true;
  }

  /** Notes that bytes, or the end, have arrived from the peer. */
  noteRead(): void {
    this.#isUnacknowledged = false;
    this.awaitsAnswer = false;
  }

  /**
   * Notes that writing has failed. Where the peer had sent FIN before it went,
   * the system says so (EPIPE), and reading still brings that end.
   *
   * @param error What the system told.
   */
  failWrite(error: unknown): void {
    this.hasFailed = true;
    if (this.isClosed || isOfWritingAlone(error)) return;
    this.untold ??= error;
  }

  /**
   * Closes the connection, once.
   *
   * @param channel Connection to close, in both directions.
   */
  close(channel: ByteChannel): void {
    if (this.isClosed) return;
    this.isClosed = true;
    channel[Symbol.dispose]();
  }
}

/**
 * Tells whether an error is about writing alone, so that reading may still bring
 * the peer's end, or about one that was told before.
 *
 * @param error What the system told of a write.
 */
export function isOfWritingAlone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected;
}
