/**
 * Combines all rates that apply to one direction of one connection.
 *
 * @module
 */

import type { Rate } from "./rate.ts";

/** Keeps one reader within several rates. */
export class Pace {
  readonly #rates: readonly Rate[];
  #release: (() => void) | undefined;

  /**
   * Creates a pace.
   *
   * @param rates The rates, those with the fewest sharers first.
   */
  constructor(rates: readonly Rate[]) {
    this.#rates = rates;
  }

  /** Whether the reader may read now, without waiting. */
  get isOpen(): boolean {
    return this.#rates.every((rate) => rate.isOpen);
  }

  /** Bytes that the reader may read in one go. */
  get piece(): number {
    let least = Infinity;
    for (const { piece } of this.#rates) least = Math.min(least, piece);
    return least;
  }

  /**
   * Waits until the reader may read. Only one wait at a time.
   *
   * @returns When every rate has granted a turn, or after {@linkcode
   *   Pace.release}.
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

  /** Ends the current wait, because the reader has stopped. */
  release(): void {
    this.#release?.();
    this.#release = undefined;
  }

  /**
   * Charges bytes that were read.
   *
   * @param count Bytes.
   */
  charge(count: number): void {
    for (const rate of this.#rates) rate.charge(count);
  }

  /**
   * Charges a datagram if it fits within all rates.
   *
   * @param count Bytes of the datagram.
   * @returns Whether it fits; otherwise it is not charged.
   */
  admitDatagram(count: number): boolean {
    if (!this.#rates.every((rate) => rate.admits(count))) return false;
    for (const rate of this.#rates) rate.chargeDatagram(count);
    return true;
  }
}
