/**
 * The beginning of a tunnel: the first bytes of either side, which stay where
 * they are.
 *
 * @module
 */

import type { Duplex } from "../../net/duplex.ts";
import type { Waiter } from "../../net/inbox.ts";
import type { End } from "../../net/tunnel.ts";
import { type Deadline, setDeadline } from "../../sync/deadline.ts";

/**
 * How a tunnel begins.
 *
 * @typeParam T What the client shows.
 */
export type Beginning<T> =
  /** The client has shown what it speaks. */
  | { readonly kind: "shown"; readonly shown: T }
  /** The target has spoken before the client has. */
  | { readonly kind: "target first" }
  /** One side has ended, with an error if that is why. */
  | {
    readonly kind: "end";
    readonly end: End;
    readonly error: unknown;
    /** Whether the client had said something. */
    readonly hasBegun: boolean;
  }
  /** The client has not said anything, or nothing more, in its time. */
  | { readonly kind: "late"; readonly hasBegun: boolean };

/**
 * What to wait for.
 *
 * @typeParam T What the client shows.
 */
export interface BeginningOptions<T> {
  /** Milliseconds until the client's first byte; 0 waits for ever. */
  readonly idle: number;
  /** Milliseconds for the rest. */
  readonly patience: number;
  /** Looks at all bytes so far; `undefined` needs more of them. */
  readonly scan: (bytes: Uint8Array) => T | undefined;
}

/**
 * Waits until a client has shown what it speaks. Nothing is taken of its bytes,
 * nor of the target's.
 *
 * @typeParam T What the client shows.
 * @param client The client.
 * @param target The target; a byte of it ends the wait too.
 * @param options What to wait for.
 * @returns How the tunnel begins.
 */
export function awaitBeginning<T>(
  client: Duplex,
  target: Duplex,
  options: BeginningOptions<T>,
): Promise<Beginning<T>> {
  const { promise, resolve } = Promise.withResolvers<Beginning<T>>();
  new Wait(client, target, options, resolve);
  return promise;
}

class Wait<T> implements Waiter {
  readonly #client: Duplex;
  readonly #target: Duplex;
  readonly #options: BeginningOptions<T>;
  readonly #tell: (beginning: Beginning<T>) => void;
  readonly #targetWaiter: Waiter;
  #limit: Deadline;
  #hasBegun = false;
  #isOver = false;

  constructor(
    client: Duplex,
    target: Duplex,
    options: BeginningOptions<T>,
    tell: (beginning: Beginning<T>) => void,
  ) {
    this.#client = client;
    this.#target = target;
    this.#options = options;
    this.#tell = tell;
    const ended = (error: unknown) =>
      this.#finish({ kind: "end", end: "target", error, hasBegun: false });
    this.#targetWaiter = {
      onBytes: () => this.#finish({ kind: "target first" }),
      onEnd: () => ended(undefined),
      onError: ended,
      onReplaced() {},
    };
    this.#limit = setDeadline(options.idle, () => this.#expire());
    client.inbox.wait(this);
    if (!this.#isOver && !this.#hasBegun) {
      target.inbox.wait(this.#targetWaiter);
    }
  }

  onBytes(): void {
    const { inbox } = this.#client;
    const shown = this.#options.scan(inbox.bytes);
    if (shown !== undefined) return this.#finish({ kind: "shown", shown });
    if (!this.#hasBegun) {
      this.#hasBegun = true;
      this.#target.inbox.leave(this.#targetWaiter);
      this.#limit.clear();
      this.#limit = setDeadline(
        this.#options.patience,
        () => this.#expire(),
      );
    }
    inbox.waitForMore(this);
  }

  onEnd(): void {
    this.#end(undefined);
  }

  onError(error: unknown): void {
    this.#end(error);
  }

  onReplaced(): void {}

  #end(error: unknown): void {
    const hasBegun = this.#hasBegun;
    this.#finish({ kind: "end", end: "client", error, hasBegun });
  }

  #expire(): void {
    this.#finish({ kind: "late", hasBegun: this.#hasBegun });
  }

  #finish(beginning: Beginning<T>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#limit.clear();
    this.#client.inbox.leave(this);
    this.#target.inbox.leave(this.#targetWaiter);
    this.#tell(beginning);
  }
}
