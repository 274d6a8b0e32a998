/**
 * A queue whose two ends are cheap, however long it is.
 *
 * @module
 */

/** Empty places at the front beyond which they are given back. */
const MOST_EMPTY = 32;

/**
 * What comes in first goes out first. `Array.shift` moves all that is left.
 *
 * @typeParam T What is queued.
 */
export class Fifo<T extends NonNullable<unknown>> implements Iterable<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  /** How many are queued. */
  get size(): number {
    return this.#items.length - this.#head;
  }

  /**
   * Adds one at the end.
   *
   * @param item What to add.
   */
  push(item: T): void {
    this.#items.push(item);
  }

  /**
   * Takes the first.
   *
   * @returns It, or `undefined` where there is none.
   */
  shift(): T | undefined {
    if (this.size === 0) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.size === 0) this.#reset([]);
    else if (this.#head > MOST_EMPTY && this.#head >= this.size) {
      this.#reset(this.#items.slice(this.#head));
    }
    return item;
  }

  /** What is queued, the first first. */
  *[Symbol.iterator](): Iterator<T> {
    for (let n = this.#head; n < this.#items.length; n++) {
      yield this.#items[n]!;
    }
  }

  #reset(items: (T | undefined)[]): void {
    this.#items = items;
    this.#head = 0;
  }
}
