/**
 * All rates that one direction of one connection has to keep to.
 *
 * @module
 */

import type { Rate } from "./rate.ts";

/** Keeps one reader to several rates at once. */
export class Pace {
  readonly #rates: readonly Rate[];
  #release: (() => void) | undefined;

  /**
   * Creates a pace.
   *
   * @param rates The rates, those of the fewest sharers first.
   */
  constructor(rates: readonly Rate[]) {
    this.#rates = rates;
  }

  /** Whether one may read now, without waiting. */
  get isOpen(): boolean {
    return this.#rates.every((rate) => rate.isOpen);
  }

  /** Bytes that may be read at once. */
  get piece(): number {
    let least = Infinity;
    for (const { piece } of this.#rates) least = Math.min(least, piece);
    return least;
  }

  /**
   * Waits until one may read; one wait at a time.
   *
   * @returns When every rate has given its turn, or {@linkcode Pace.release}
   *   was called.
   */
  async wait(): Promise<void> {
    let isReleased = false;
    for (const rate of this.#rates) {
      if (isReleased) return;
      if (rate.isOpen) continue;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#release = () => {
        isReleased = true;
        rate.leave(resolve);
        resolve();
      };
      rate.wait(resolve);
      await promise;
    }
    this.#release = undefined;
  }

  /** Ends the wait that is under way, because the reader will not go on. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /**
   * Counts what was read.
   *
   * @param count Bytes.
   */
  charge(count: number): void {
    for (const rate of this.#rates) rate.charge(count);
  }

  /**
   * Counts a datagram where it is within all rates.
   *
   * @param count Its bytes.
   * @returns Whether it is; it is not counted otherwise.
   */
  admitDatagram(count: number): boolean {
    if (!this.#rates.every((rate) => rate.admits(count))) return false;
    for (const rate of this.#rates) rate.chargeDatagram(count);
    return true;
  }
}
