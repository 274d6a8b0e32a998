/**
 * Cancellation that is handed down: whoever starts work gives it a context,
 * and cancelling a context cancels everything started under it.
 *
 * @module
 */

import { type Deadline, setDeadline } from "./deadline.ts";

/** Something to undo a registration with. Calling it again does nothing. */
export type Unregister = () => void;

/**
 * A cancellation, with the first reason kept. The analogue of Go's
 * `context.Context`, cheap enough to have one for each connection: the
 * `AbortSignal` is made only when something asks for it.
 */
export class Context {
  #parent: Context | undefined;
  #callbacks: Set<(reason: unknown) => void> | undefined;
  #cancelled = false;
  #reason: unknown;
  #controller: AbortController | undefined;
  #deadline: Deadline | undefined;

  /**
   * Creates a context that is cancelled with its parent.
   *
   * @param parent Context to be a child of; none makes it a root.
   */
  constructor(parent?: Context) {
    if (parent === undefined) return;
    if (parent.#cancelled) {
      this.cancel(parent.#reason);
      return;
    }
    this.#parent = parent;
    parent.#add(this.#inherit);
  }

  /** Whether {@linkcode Context.cancel} was called, here or on an ancestor. */
  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** What the first cancellation gave as its reason, `undefined` before. */
  get reason(): unknown {
    return this.#reason;
  }

  /** The same cancellation for platform calls. Made on first use. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#cancelled) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /**
   * Cancels this context and its children. Only the first call counts.
   *
   * @param reason Why; an `Error` whose message is fit for a log line.
   */
  cancel(reason: unknown): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.#reason = reason;
    this.#detach();
    this.#controller?.abort(reason);
    // A callback may take others back: the set is walked as it is by then.
    for (const callback of this.#callbacks ?? []) callback(reason);
    this.#callbacks = undefined;
  }

  /**
   * Cancels after a time, with a `TimeoutError`.
   *
   * @param milliseconds How long from now; 0 is never. A second call replaces
   *   the first.
   * @param what What is limited, in a few words, for the reason's message.
   * @returns Takes the limit back.
   */
  cancelAfter(milliseconds: number, what?: string): Deadline {
    this.#deadline?.clear();
    this.#deadline = setDeadline(
      this.#cancelled ? 0 : milliseconds,
      () => this.cancel(timeoutError(milliseconds, what)),
    );
    return this.#deadline;
  }

  /**
   * Calls back on cancellation; at once where that has already happened.
   *
   * @param callback Told the reason. It must not throw.
   * @returns Takes the callback back.
   */
  onCancel(callback: (reason: unknown) => void): Unregister {
    if (this.#cancelled) {
      callback(this.#reason);
      return () => {};
    }
    this.#add(callback);
    return () => this.#remove(callback);
  }

  /**
   * Throws when this context is cancelled.
   *
   * @throws The reason of the cancellation.
   */
  throwIfCancelled(): void {
    if (this.#cancelled) throw this.#reason;
  }

  /**
   * Leaves the parent and stops its time limit, so that neither keeps what has
   * finished alive. Nothing is cancelled, and nothing will be from above.
   */
  release(): void {
    this.#callbacks?.clear();
    this.#detach();
  }

  /** The same as {@linkcode Context.release}, for `using`. */
  [Symbol.dispose](): void {
    this.release();
  }

  #detach(): void {
    this.#deadline?.clear();
    const parent = this.#parent;
    this.#parent = undefined;
    if (parent !== undefined) parent.#remove(this.#inherit);
  }

  #inherit = (reason: unknown): void => this.cancel(reason);

  #add(callback: (reason: unknown) => void): void {
    this.#callbacks ??= new Set();
    this.#callbacks.add(callback);
  }

  #remove(callback: (reason: unknown) => void): void {
    this.#callbacks?.delete(callback);
  }
}

/**
 * Makes the reason of a time limit that has passed.
 *
 * @param milliseconds The limit.
 * @param what What it limited, in a few words.
 * @returns A `DOMException` named `TimeoutError`, as `AbortSignal.timeout` has.
 */
export function timeoutError(
  milliseconds: number,
  what = "Time limit",
): DOMException {
  return new DOMException(
    `${what} of ${milliseconds / 1000} s has passed`,
    "TimeoutError",
  );
}
