/**
 * Holding things back for a time, in their order.
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
 * Delivers each thing so much later than it came, one after the other, and
 * holds no more than it has room for.
 *
 * @typeParam T What is held.
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
   * Creates a line that holds nothing yet.
   *
   * @param delay Milliseconds, more than 0.
   * @param room How much is held at once, in the unit of the sizes.
   * @param deliver Takes a thing whose time has come; one call at a time. What
   *   it throws ends the line.
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

  /** Whether nothing is held or being delivered. */
  get isEmpty(): boolean {
    return this.#held.length === 0 && !this.#isDelivering;
  }

  /**
   * Holds a thing where there is room.
   *
   * @param item The thing.
   * @param size How much it is; one that is larger than the room fits into an
   *   empty line.
   * @returns Whether it is held.
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
   * Holds a thing, waiting for room. One caller at a time.
   *
   * @param item The thing.
   * @param size How much it is.
   * @throws What the delivery threw.
   */
  async push(item: T, size: number): Promise<void> {
    while (!this.#isCleared && !this.tryPush(item, size)) await this.#change();
    this.#throwIfFailed();
  }

  /**
   * Waits until all is delivered, or the line is cleared.
   *
   * @throws What the delivery threw.
   */
  async drain(): Promise<void> {
    while (!this.#isCleared && !this.isEmpty) await this.#change();
    this.#throwIfFailed();
  }

  /** Throws away what is held; what comes later is thrown away too. */
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
