/**
 * A listening socket that one server hands to the next while clients connect.
 * It stays open in between, so no connection is lost.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import type { Listener } from "../net/listen.ts";

/** A listening socket, and the server that gets its connections. */
export class HandoverListener {
  readonly #listener: Listener;
  #holder: Borrowed | undefined;
  #isAccepting = false;
  #isClosed = false;
  /**
   * A connection that arrived while no server asked: a pending accept cannot be
   * cancelled.
   */
  #held: Connection | undefined;

  /**
   * Takes over a socket.
   *
   * @param listener The socket; closed with this.
   */
  constructor(listener: Listener) {
    this.#listener = listener;
  }

  /**
   * Creates a listener that waits until it gets the socket.
   *
   * @returns The listener. If it has the socket when disposed, it closes the
   *   socket.
   */
  borrow(): Listener {
    return new Borrowed(this.#listener.addr, {
      ask: () => this.#serve(),
      leave: (who) => {
        if (who === this.#holder) this.close();
      },
    });
  }

  /**
   * Gives all connections to a listener from now on.
   *
   * @param next The listener, created by {@linkcode borrow}.
   */
  give(next: Listener): void {
    this.#holder = next as Borrowed;
    this.#serve();
  }

  /**
   * Changes the permissions of its file, if it is a Unix socket.
   *
   * @param mode The permissions (default `0o600`).
   */
  setMode(mode: number | undefined): void {
    this.#listener.setMode?.(mode);
  }

  /** Closes the socket. Pending accepts stay pending. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener[Symbol.dispose]();
    this.#held?.close();
  }

  #serve(): void {
    if (this.#isClosed || !this.#holder?.isAsking) return;
    if (this.#held !== undefined) {
      this.#holder.take(this.#held);
      this.#held = undefined;
    } else if (!this.#isAccepting) void this.#accept();
  }

  async #accept(): Promise<void> {
    this.#isAccepting = true;
    try {
      this.#deliver(await this.#listener.accept());
    } catch (error) {
      this.#isAccepting = false;
      if (!this.#isClosed) this.#holder?.fail(error);
    }
  }

  #deliver(connection: Connection): void {
    this.#isAccepting = false;
    if (this.#isClosed) connection.close();
    else if (this.#holder?.isAsking) this.#holder.take(connection);
    else this.#held = connection;
  }
}

interface Lender {
  ask(): void;
  leave(who: Borrowed): void;
}

class Borrowed implements Listener {
  readonly addr: Deno.Addr;
  readonly #lender: Lender;
  #asked: PromiseWithResolvers<Connection> | undefined;
  #isOver = false;

  constructor(addr: Deno.Addr, lender: Lender) {
    this.addr = addr;
    this.#lender = lender;
  }

  get isAsking(): boolean {
    return this.#asked !== undefined;
  }

  accept(): Promise<Connection> {
    if (this.#isOver) return Promise.reject(closed());
    this.#asked = Promise.withResolvers();
    const { promise } = this.#asked;
    this.#lender.ask();
    return promise;
  }

  take(connection: Connection): void {
    const asked = this.#asked!;
    this.#asked = undefined;
    asked.resolve(connection);
  }

  fail(error: unknown): void {
    const asked = this.#asked;
    this.#asked = undefined;
    asked?.reject(error);
  }

  [Symbol.dispose](): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lender.leave(this);
    this.fail(closed());
  }
}

function closed(): Error {
  return new Deno.errors.BadResource("Listener is closed");
}
