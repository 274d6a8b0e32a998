/**
 * A bounded queue between two tasks.
 *
 * @module
 */

import { Deque } from "@std/data-structures/deque";
import type { Context } from "./context.ts";

interface Sender<T> {
  readonly value: T;
  readonly settle: PromiseWithResolvers<void>;
}

interface Receiver<T> {
  readonly settle: PromiseWithResolvers<T | undefined>;
}

/** What is thrown by who sends into a channel that is closed. */
export class ChannelClosed extends Error {
  /** Constructs the error. */
  constructor() {
    super("Cannot send: the channel is closed");
    this.name = "ChannelClosed";
  }
}

/**
 * Values on their way from one task to another, a bounded number of them: the
 * analogue of Go's buffered channel. Values come out in the order in which they
 * were sent; who waits is served in the order of asking, on both sides.
 *
 * @typeParam T What is sent; not `undefined`, which stands for the end.
 */
export class Channel<T extends NonNullable<unknown>> {
  readonly #capacity: number;
  readonly #values = new Deque<T>();
  // Senders wait only where it is full, receivers only where it is empty.
  readonly #senders = new Set<Sender<T>>();
  readonly #receivers = new Set<Receiver<T>>();
  #isClosed = false;

  /**
   * Creates an empty channel.
   *
   * @param capacity How many values may wait, 1 or more.
   * @throws {RangeError} If that is not a whole number above 0.
   */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`Cannot create channel: capacity is ${capacity}`);
    }
    this.#capacity = capacity;
  }

  /** How many values wait to be received; those of waiting senders not counted. */
  get size(): number {
    return this.#values.length;
  }

  /** Whether a sender would have to wait. */
  get isFull(): boolean {
    return this.#values.length === this.#capacity;
  }

  /** Whether {@linkcode Channel.close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** How many tasks wait, to send or to receive. */
  get waiting(): number {
    return this.#senders.size + this.#receivers.size;
  }

  /**
   * Sends a value where there is room.
   *
   * @returns Whether it was taken: not where the channel is full, or closed.
   */
  trySend(value: T): boolean {
    if (this.#isClosed) return false;
    const [receiver] = this.#receivers;
    if (receiver !== undefined) {
      this.#receivers.delete(receiver);
      receiver.settle.resolve(value);
      return true;
    }
    if (this.isFull) return false;
    this.#values.pushBack(value);
    return true;
  }

  /**
   * Sends a value, waiting for room in turn.
   *
   * @param context Ends the wait when cancelled.
   * @throws {ChannelClosed} If it is closed, or is while this waits.
   * @throws The reason of the cancellation; the value is not sent then.
   */
  async send(value: T, context: Context): Promise<void> {
    context.throwIfCancelled();
    if (this.trySend(value)) return;
    if (this.#isClosed) throw new ChannelClosed();
    const settle = Promise.withResolvers<void>();
    await wait<void, Sender<T>>(this.#senders, { value, settle }, context);
  }

  /**
   * Receives a value where there is one.
   *
   * @returns The value, or `undefined`.
   */
  tryReceive(): T | undefined {
    const value = this.#values.popFront();
    if (value === undefined) return undefined;
    const [sender] = this.#senders;
    if (sender !== undefined) {
      this.#senders.delete(sender);
      this.#values.pushBack(sender.value);
      sender.settle.resolve();
    }
    return value;
  }

  /**
   * Receives a value, waiting for one in turn.
   *
   * @param context Ends the wait when cancelled.
   * @returns The value; `undefined` where the channel is closed and empty.
   * @throws The reason of the cancellation; no value is lost then.
   */
  async receive(context: Context): Promise<T | undefined> {
    context.throwIfCancelled();
    const value = this.tryReceive();
    if (value !== undefined || this.#isClosed) return value;
    const settle = Promise.withResolvers<T | undefined>();
    return await wait<T | undefined, Receiver<T>>(
      this.#receivers,
      { settle },
      context,
    );
  }

  /**
   * Takes no more values. What is in it can still be received; senders that
   * wait are told. Calling it again does nothing.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { settle } of this.#senders) settle.reject(new ChannelClosed());
    for (const { settle } of this.#receivers) settle.resolve(undefined);
    this.#senders.clear();
    this.#receivers.clear();
  }
}

/** Waits among others; a cancellation takes it out, unless it was served. */
async function wait<R, W extends { settle: PromiseWithResolvers<R> }>(
  queue: Set<W>,
  waiter: W,
  context: Context,
): Promise<R> {
  queue.add(waiter);
  const unregister = context.onCancel((reason) => {
    // What was handed over in this very turn has been handed over.
    if (queue.delete(waiter)) waiter.settle.reject(reason);
  });
  try {
    return await waiter.settle.promise;
  } finally {
    unregister();
  }
}
