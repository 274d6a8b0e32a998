/**
 * Counts and state of one connection.
 *
 * @module
 */

import type { ByteChannel } from "./connection.ts";

/** Counts and states that both directions of a connection share. */
export class Traffic {
  /** Bytes taken from the connection and not put back. */
  received = 0;
  /** Bytes of the tunnel that the system has accepted for the peer. */
  sent = 0;
  /**
   * The error of a write that a read does not get: the system reports it once,
   * and the read sees a normal end of file.
   */
  untold: unknown;
  /** Whether a write waits for the peer to take more. */
  isWriting = false;
  /** Whether the peer has sent nothing since the last write. */
  awaitsAnswer = false;
  /** Whether FIN was sent, so no more can be written. */
  hasEnded = false;
  /** Whether this side has closed the connection. */
  isClosed = false;
  /** Whether the peer may not have acknowledged the last write yet. */
  #isUnacknowledged = false;
  #isHurried = false;

  /**
   * Notes the start of a write, and turns Nagle's algorithm off before the
   * first one that it could delay: after unanswered bytes, or in the middle of
   * a tunnel. Many connections never need it, and the call costs 4 us.
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
   * Notes that writing has failed. If the peer sent FIN before it closed, the
   * system reports EPIPE, and reading still returns that end.
   *
   * @param error The system's error.
   */
  failWrite(error: unknown): void {
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
 * Tells whether an error concerns writing alone, so that reading may still
 * return the peer's end, or was reported before.
 *
 * @param error The system's error of a write.
 */
export function isOfWritingAlone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.NotConnected;
}
