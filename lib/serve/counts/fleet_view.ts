/**
 * The state of the fleet in memory that all threads of a machine share.
 *
 * @module
 */

import type { OnLoss } from "../options/fleet.ts";

/** Indexes of 32-bit words. Words 2 and 3 hold the offset, an 8-byte number. */
const WORD = { isUp: 0, hurries: 1, lacks: 4 } as const;

/** Index of the offset, counted in 8-byte numbers. */
const OFFSET = 1;

const BYTES = 24;

/** The data from which a thread makes a {@linkcode FleetView}. */
export interface FleetMemory {
  /** The memory. */
  readonly memory: SharedArrayBuffer;
  /** What this machine does while Redis is unreachable. */
  readonly onLoss: OnLoss;
}

/** The fleet as one thread sees it. Reading needs no round trip and no lock. */
export class FleetView {
  /** What this machine does while Redis is unreachable. */
  readonly onLoss: OnLoss;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #now: () => number;

  /**
   * Creates the memory for a fleet that is not connected yet.
   *
   * @param onLoss What the machine does while Redis is unreachable.
   */
  static memory(onLoss: OnLoss): FleetMemory {
    return { memory: new SharedArrayBuffer(BYTES), onLoss };
  }

  /**
   * Uses existing memory.
   *
   * @param now Clock in milliseconds, the same in all threads.
   */
  constructor({ memory, onLoss }: FleetMemory, now: () => number) {
    this.onLoss = onLoss;
    this.#words = new Int32Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#now = now;
  }

  /** Whether Redis answered the last round trip. */
  get isUp(): boolean {
    return Atomics.load(this.#words, WORD.isUp) === 1;
  }

  /**
   * Sets {@linkcode FleetView.isUp}; only for the thread that talks to Redis.
   */
  set isUp(isUp: boolean) {
    Atomics.store(this.#words, WORD.isUp, isUp ? 1 : 0);
  }

  /**
   * Returns the time of Redis's clock, which all machines of the fleet share.
   *
   * @returns Milliseconds since 1970; by this machine's clock until Redis has
   *   answered once.
   */
  now(): number {
    return this.#now() + this.#numbers[OFFSET]!;
  }

  /**
   * Corrects the clock; only for the thread that talks to Redis.
   *
   * @param milliseconds Redis's clock minus the value of
   *   {@linkcode FleetView.now} at the same moment.
   */
  addOffset(milliseconds: number): void {
    this.#numbers[OFFSET]! += milliseconds;
  }

  /**
   * Requests a round trip to Redis soon, instead of at the next second. It only
   * wakes the thread that talks to Redis, which answers several such calls with
   * one round trip.
   */
  hurry(): void {
    Atomics.add(this.#words, WORD.hurries, 1);
    Atomics.notify(this.#words, WORD.hurries);
  }

  /** Number of calls of {@linkcode FleetView.hurry} so far. */
  get hurries(): number {
    return Atomics.load(this.#words, WORD.hurries);
  }

  /**
   * Reports that a limit has no place left for a connection, or only a few.
   * Costs as little as {@linkcode FleetView.hurry}.
   */
  lack(): void {
    Atomics.add(this.#words, WORD.lacks, 1);
    Atomics.notify(this.#words, WORD.lacks);
  }

  /** Number of calls of {@linkcode FleetView.lack} so far. */
  get lacks(): number {
    return Atomics.load(this.#words, WORD.lacks);
  }

  /**
   * Waits for a call of {@linkcode FleetView.lack} in any thread.
   *
   * @param seen A value of {@linkcode FleetView.lacks}; any later call ends the
   *   wait.
   * @param milliseconds Longest wait.
   */
  lacked(seen: number, milliseconds: number): Promise<void> {
    return this.#wait(WORD.lacks, seen, milliseconds);
  }

  /**
   * Waits for a call of {@linkcode FleetView.hurry} in any thread.
   *
   * @param seen A value of {@linkcode FleetView.hurries}; any later call ends
   *   the wait.
   * @param milliseconds Longest wait.
   */
  async hurried(seen: number, milliseconds: number): Promise<void> {
    // Atomics.waitAsync alone does not keep the program alive.
    const timer = setTimeout(() => {}, milliseconds);
    await this.#wait(WORD.hurries, seen, milliseconds);
    clearTimeout(timer);
  }

  async #wait(word: number, seen: number, milliseconds: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#words, word, seen, milliseconds);
    if (waiting.async) await waiting.value;
  }
}
