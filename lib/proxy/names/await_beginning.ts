/**
 * Waits for the first bytes of a tunnel without consuming them.
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
 * @typeParam T Type of the scan's result.
 */
export type Beginning<T> =
  /** The scan of the client's bytes has a result. */
  | { readonly kind: "shown"; readonly shown: T }
  /** The target has sent bytes before the client. */
  | { readonly kind: "target first" }
  /** One side has ended, possibly with an error. */
  | {
    readonly kind: "end";
    readonly end: End;
    readonly error: unknown;
    /** Whether the client had sent bytes. */
    readonly hasBegun: boolean;
  }
  /** The client has sent nothing, or nothing more, within its time limit. */
  | { readonly kind: "late"; readonly hasBegun: boolean };

/**
 * What to wait for.
 *
 * @typeParam T Type of the scan's result.
 */
export interface BeginningOptions<T> {
  /** Milliseconds until the client's first byte; 0 disables the limit. */
  readonly idle: number;
  /** Milliseconds from the first byte to the result. */
  readonly patience: number;
  /** Scans all bytes so far; `undefined` means that it needs more. */
  readonly scan: (bytes: Uint8Array) => T | undefined;
}

/**
 * Waits until the scan of a client's first bytes has a result. It consumes no
 * bytes of either side.
 *
 * @typeParam T Type of the scan's result.
 * @param target The target, whose first byte also ends the wait.
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
