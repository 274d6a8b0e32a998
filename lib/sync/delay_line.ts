/**
 * Delays items and keeps their order.
 *
 * @module
 */

import { type Deadline, setDeadline } from "./deadline.ts";

interface Held<T> {
  item: T;
  size: number;
  deadline: Deadline;
}

/**
 * Delivers each item after a fixed delay, one at a time, and holds a bounded
 * amount.
 *
 * @typeParam T Type of the items.
 */
export class DelayLine<T> {
  readonly #delay: number;
  readonly #room: number;
  readonly #deliver: (item: T) => Promise<void>;
  readonly #held: Held<T>[] = [];
  #size = 0;
  #due = 0;
  #isDelivering = false;
  #isCleared = false;
  #error: unknown;
  #changed: PromiseWithResolvers<void> | undefined;

  /**
   * Creates an empty line.
   *
   * @param delay Milliseconds, more than 0.
   * @param room Most it may hold, in the unit of the sizes.
   * @param deliver Receives each item when its delay is over; called once at a
   *   time. If it throws, the line ends.
   */
  constructor(
    delay: number,
    room: number,
    deliver: (item: T) => Promise<void>,
  ) {
    this.#delay = delay;
    this.#room = room;
    this.#deliver = deliver;
  }

  /** Whether the line neither holds nor delivers an item. */
  get isEmpty(): boolean {
    return this.#held.length === 0 && !this.#isDelivering;
  }

  /**
   * Adds an item if there is room.
   *
   * @param item Item to delay.
   * @param size Its size. An item larger than `room` fits into an empty line.
   * @returns Whether the line took it.
   */
  tryPush(item: T, size: number): boolean {
    if (this.#isCleared) return false;
    if (this.#size > 0 && this.#size + size > this.#room) return false;
    this.#size += size;
    const deadline = setDeadline(this.#delay, () => {
      this.#due++;
      if (!this.#isDelivering) this.#deliverDue();
    });
    this.#held.push({ item, size, deadline });
    return true;
  }

  /**
   * Adds an item, waiting for room. Only one caller at a time.
   *
   * @param item Item to delay.
   * @throws The error that `deliver` threw.
   */
  async push(item: T, size: number): Promise<void> {
    while (!this.#isCleared && !this.tryPush(item, size)) await this.#change();
    this.#throwIfFailed();
  }

  /**
   * Waits until all items are delivered or the line is cleared.
   *
   * @throws The error that `deliver` threw.
   */
  async drain(): Promise<void> {
    while (!this.#isCleared && !this.isEmpty) await this.#change();
    this.#throwIfFailed();
  }

  /** Discards all held items and all later ones. */
  clear(): void {
    this.#isCleared = true;
    for (const { deadline } of this.#held) deadline.clear();
    this.#held.length = 0;
    this.#tellChange();
  }

  async #deliverDue(): Promise<void> {
    this.#isDelivering = true;
    while (this.#due > 0 && this.#held.length > 0) {
      this.#due--;
      const { item, size } = this.#held.shift()!;
      try {
        await this.#deliver(item);
      } catch (error) {
        this.#error ??= error;
        this.clear();
      }
      this.#size -= size;
      this.#tellChange();
    }
    this.#isDelivering = false;
    this.#tellChange();
  }

  #change(): Promise<void> {
    this.#changed ??= Promise.withResolvers();
    return this.#changed.promise;
  }

  #tellChange(): void {
    this.#changed?.resolve();
    this.#changed = undefined;
  }

  #throwIfFailed(): void {
    if (this.#error !== undefined) throw this.#error;
  }
}
