/**
 * The rates of one tunnel over the last minute.
 *
 * @module
 */

/** Seconds that are kept. */
export const RATE_SECONDS = 60;

/** Bytes a second, both ways, by number of the tick. */
export class RateHistory {
  readonly #up = new Float32Array(RATE_SECONDS);
  readonly #down = new Float32Array(RATE_SECONDS);
  #last = -Infinity;

  /**
   * Stores the rates of a tick; skipped ticks had no traffic.
   *
   * @param tick Its number, not less than the last.
   */
  write(tick: number, up: number, down: number): void {
    const skipped = Math.min(tick - this.#last - 1, RATE_SECONDS);
    for (let count = 1; count <= skipped; count++) {
      const place = slot(tick - count);
      this.#up[place] = this.#down[place] = 0;
    }
    this.#last = tick;
    this.#up[slot(tick)] = up;
    this.#down[slot(tick)] = down;
  }

  /** Bytes a second to the target in a tick. */
  up(tick: number): number {
    return this.#isKept(tick) ? this.#up[slot(tick)]! : 0;
  }

  /** Bytes a second to the client in a tick. */
  down(tick: number): number {
    return this.#isKept(tick) ? this.#down[slot(tick)]! : 0;
  }

  #isKept(tick: number): boolean {
    return tick <= this.#last && tick > this.#last - RATE_SECONDS;
  }
}

function slot(tick: number): number {
  return (tick % RATE_SECONDS + RATE_SECONDS) % RATE_SECONDS;
}
