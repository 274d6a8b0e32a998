/**
 * One direction of a tunnel: what one connection receives, the other one sends.
 *
 * Callbacks instead of `await` or `pipeTo`: while it waits, which is nearly all
 * of its time, it keeps a few hundred bytes where a pipe keeps twenty thousand,
 * and it costs half of a pipe's time to begin and end (measured).
 *
 * @module
 */

import type { Duplex, Received, Receiver } from "./duplex.ts";

/** Told once how each of its flows has ended. */
export interface FlowObserver {
  /** The source has come to its end of file; everything before is sent. */
  onEnd(flow: Flow): void;
  /** It was stopped; what was received before is sent. */
  onStop(flow: Flow): void;
  /** One of the two connections has failed. */
  onError(flow: Flow, error: unknown): void;
}

/** One direction of a tunnel; begins at once. */
export class Flow implements Receiver {
  /** Where bytes are received. */
  readonly from: Duplex;
  /** Where they are sent. */
  readonly to: Duplex;
  readonly #observer: FlowObserver;
  #isStopped = false;

  /**
   * Begins to copy: each piece is received once the one before is sent.
   *
   * @param from Nobody else receives from it.
   * @param to Nobody else sends to it.
   * @param observer Told how it ends.
   */
  constructor(from: Duplex, to: Duplex, observer: FlowObserver) {
    this.from = from;
    this.to = to;
    this.#observer = observer;
    from.receiveFor(this);
  }

  /** Stops before the next piece, and closes nothing. Can be repeated. */
  stop(): void {
    this.#isStopped = true;
    this.from.interrupt();
  }

  /**
   * Takes what was received.
   *
   * @param bytes What has come.
   */
  resolve(bytes: Received): void {
    if (bytes === null) this.#observer.onEnd(this);
    else if (bytes === undefined || this.#isStopped) {
      this.#observer.onStop(this);
    } else this.to.send(bytes).then(this.#next, this.#fail);
  }

  /**
   * Takes the error of receiving.
   *
   * @param error The socket's error.
   */
  reject(error: unknown): void {
    this.#observer.onError(this, error);
  }

  readonly #next = (): void => {
    if (this.#isStopped) this.#observer.onStop(this);
    else this.from.receiveFor(this);
  };

  readonly #fail = (error: unknown): void =>
    this.#observer.onError(this, error);
}
