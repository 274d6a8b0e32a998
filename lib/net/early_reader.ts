/**
 * Watches a connection from which nothing is expected, to notice that it ends
 * or sends something.
 *
 * @module
 */

import type { Duplex } from "./duplex.ts";
import type { Waiter } from "./inbox.ts";

/** Options for {@linkcode EarlyReader}. */
export interface EarlyReaderOptions {
  /**
   * Most bytes that may arrive (default 16 KiB); 0 allows none. The default
   * fits the send buffer of any new connection, so passing them on never waits.
   */
  most?: number;
  /** Makes the error for a peer that sends more. */
  tooMuch?: () => Error;
}

/** Reads ahead until stopped; every byte stays in the stream. */
export class EarlyReader implements Waiter {
  readonly #peer: Duplex;
  readonly #onEnd: (error: unknown) => void;
  readonly #most: number;
  readonly #tooMuch: () => Error;
  #isStopped = false;

  /**
   * Starts to watch.
   *
   * @param peer The peer; nothing else reads from it until {@linkcode
   *   EarlyReader.stop}.
   * @param onEnd Called once when the peer is unusable: it has closed, reset,
   *   or sent too much.
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
   * Stops watching. The pending read goes on; its bytes, or end of file, go to
   * the next reader. Can be repeated.
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

  /** The peer has reset the connection, or reading has failed otherwise. */
  onError(error: unknown): void {
    this.#end(error);
  }

  /** Another reader has started. */
  onReplaced(): void {
    this.#isStopped = true;
  }

  #end(error: unknown): void {
    if (!this.#isStopped) this.#onEnd(error);
    this.#isStopped = true;
  }
}
