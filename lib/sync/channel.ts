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

/** Thrown on sending to a closed channel. */
export class ChannelClosed extends Error {
  /** Constructs the error. */
  constructor() {
    super("Cannot send: the channel is closed");
    this.name = "ChannelClosed";
  }
}

/**
 * A bounded queue from one task to another: the analogue of Go's buffered
 * channel. Values arrive in the order of sending. Waiting senders and waiting
 * receivers are served in the order of their calls.
 *
 * @typeParam T Type of the values; not `undefined`, which marks the end.
 */
export class Channel<T extends NonNullable<unknown>> {
  readonly #capacity: number;
  readonly #values = new Deque<T>();
  // Senders wait only while it is full, receivers only while it is empty.
  readonly #senders = new Set<Sender<T>>();
  readonly #receivers = new Set<Receiver<T>>();
  #isClosed = false;

  /**
   * Creates an empty channel.
   *
   * @param capacity Values that the channel holds, 1 or more.
   * @throws {RangeError} If `capacity` is not a whole number above 0.
   */
  constructor(capacity: number) {
    if (!Number.isSafeInteger(capacity) || capacity < 1) {
      throw new RangeError(`Cannot create channel: capacity is ${capacity}`);
    }
    this.#capacity = capacity;
  }

  /** Values in the channel, without those of waiting senders. */
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

  /** Tasks that are waiting to send or to receive. */
  get waiting(): number {
    return this.#senders.size + this.#receivers.size;
  }

  /**
   * Sends a value if there is room.
   *
   * @returns Whether the channel took it; `false` if it is full or closed.
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
   * Sends a value. Waits for room, in the order of the calls.
   *
   * @param context Ends the wait when cancelled.
   * @throws {ChannelClosed} If the channel is closed, now or during the wait.
   * @throws The reason of the cancellation; the value is then not sent.
   */
  async send(value: T, context: Context): Promise<void> {
    context.throwIfCancelled();
    if (this.trySend(value)) return;
    if (this.#isClosed) throw new ChannelClosed();
    const settle = Promise.withResolvers<void>();
    await wait<void, Sender<T>>(this.#senders, { value, settle }, context);
  }

  /**
   * Receives a value if there is one.
   *
   * @returns The value; `undefined` if the channel is empty.
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
   * Receives a value. Waits for one, in the order of the calls.
   *
   * @param context Ends the wait when cancelled.
   * @returns The value; `undefined` if the channel is closed and empty.
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
   * Closes the channel. Values in it can still be received; waiting senders get
   * {@linkcode ChannelClosed}. A second call does nothing.
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

/**
 * Waits in a queue. A cancellation leaves the queue, unless the wait is over.
 */
async function wait<R, W extends { settle: PromiseWithResolvers<R> }>(
  queue: Set<W>,
  waiter: W,
  context: Context,
): Promise<R> {
  queue.add(waiter);
  const unregister = context.onCancel((reason) => {
    // A waiter that was served in this same turn keeps its result.
    if (queue.delete(waiter)) waiter.settle.reject(reason);
  });
  try {
    return await waiter.settle.promise;
  } finally {
    unregister();
  }
}
