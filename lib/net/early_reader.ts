/**
 * Watching a connection while nothing is expected from it, to notice that it
 * ends or sends something.
 *
 * @module
 */

import type { Duplex } from "./duplex.ts";
import type { Waiter } from "./inbox.ts";

/** Options for {@linkcode EarlyReader}. */
export interface EarlyReaderOptions {
  /**
   * Bytes that may arrive (default 16 KiB). That much fits the send buffer of any
   * new connection, so whoever passes them on does not wait for its other end.
   * 0 allows none.
   */
  most?: number;
  /** Makes the error for a peer that sends more. */
  tooMuch?: () => Error;
}

/** Reads ahead until it is stopped; every byte stays in the stream. */
export class EarlyReader implements Waiter {
  readonly #peer: Duplex;
  readonly #onEnd: (error: unknown) => void;
  readonly #most: number;
  readonly #tooMuch: () => Error;
  #isStopped = false;

  /**
   * Starts to watch.
   *
   * @param peer The peer; nobody else reads from it until
   *   {@linkcode EarlyReader.stop}.
   * @param onEnd Told once why the peer is of no use any more: it has closed,
   *   has reset, or has sent too much.
   * @param options How much it may send.
   */
  constructor(
    peer: Duplex,
    onEnd: (error: unknown) => void,
    options: EarlyReaderOptions = {},
  ) {
    this.#most = options.most ?? 16 * 1024;
    this.#tooMuch = options.tooMuch ??
      (() => new RangeError("Peer sent too much too early"));
    this.#peer = peer;
    this.#onEnd = onEnd;
    peer.inbox.waitForMore(this);
  }

  /**
   * Stops watching. The read under way goes on; its bytes, or end of file, are
   * for the next reader. Can be repeated.
   */
  stop(): void {
    this.#isStopped = true;
    this.#peer.inbox.leave(this);
  }

  /** More bytes have arrived. */
  onBytes(): void {
    const { inbox } = this.#peer;
    if (inbox.length > this.#most) this.#end(this.#tooMuch());
    else inbox.waitForMore(this);
  }

  /** The peer has sent FIN. */
  onEnd(): void {
    this.#end(new Deno.errors.UnexpectedEof("Peer closed"));
  }

  /** The peer has reset the connection, or something like it. */
  onError(error: unknown): void {
    this.#end(error);
  }

  /** Somebody reads from the peer. */
  onReplaced(): void {
    this.#isStopped = true;
  }

  #end(error: unknown): void {
    if (!this.#isStopped) this.#onEnd(error);
    this.#isStopped = true;
  }
}
