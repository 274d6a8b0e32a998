/**
 * How often threads have died, and when one may be replaced.
 *
 * @module
 */

/** Deaths within {@linkcode WINDOW} that end the program. */
export const MOST_DEATHS = 5;

/** Milliseconds. */
const WINDOW = 60_000;

/**
 * Milliseconds until a dead thread is replaced, by when it has stopped working;
 * doubled for each further death.
 */
const BACK_OFF = { first: 100, most: 2_000 } as const;

/** Deaths of the last minute. */
export class Deaths {
  #all: number[] = [];

  /** Whether threads die faster than they can be replaced. */
  get areTooMany(): boolean {
    return this.#all.length >= MOST_DEATHS;
  }

  /** Milliseconds to wait before the latest is replaced. */
  get pause(): number {
    const { first, most } = BACK_OFF;
    return Math.min(first * 2 ** Math.max(0, this.#all.length - 1), most);
  }

  /** Notes a death. */
  add(): void {
    const now = performance.now();
    this.#all = [...this.#all.filter((at) => at > now - WINDOW), now];
  }
}
