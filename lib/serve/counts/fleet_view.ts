/**
 * What every thread of a machine knows of its fleet, in shared memory.
 *
 * @module
 */

import type { OnLoss } from "../options/fleet.ts";

/** Words of the memory, around the offset, which is a number of eight bytes. */
const WORD = { isUp: 0, hurries: 1, lacks: 4 } as const;

/** Index of the offset among numbers of eight bytes. */
const OFFSET = 1;

const BYTES = 24;

/** What a thread needs to make a {@linkcode FleetView}. */
export interface FleetMemory {
  /** The memory. */
  readonly memory: SharedArrayBuffer;
  /** What this machine does while Redis is away. */
  readonly onLoss: OnLoss;
}

/**
 * The fleet as seen by one thread. Reading it takes no round trip and no lock.
 */
export class FleetView {
  /** What this machine does while Redis is away. */
  readonly onLoss: OnLoss;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #now: () => number;

  /**
   * Creates the memory of a machine's fleet, which is not up yet.
   *
   * @param onLoss What the machine does while Redis is away.
   */
  static memory(onLoss: OnLoss): FleetMemory {
    return { memory: new SharedArrayBuffer(BYTES), onLoss };
  }

  /**
   * Looks at the memory.
   *
   * @param memory The memory.
   * @param now Clock in milliseconds, the same in all threads.
   */
  constructor({ memory, onLoss }: FleetMemory, now: () => number) {
    this.onLoss = onLoss;
    this.#words = new Int32Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#now = now;
  }

  /** Whether Redis answered the last time. */
  get isUp(): boolean {
    return Atomics.load(this.#words, WORD.isUp) === 1;
  }

  /** Sets {@linkcode FleetView.isUp}; only for the thread that asks Redis. */
  set isUp(isUp: boolean) {
    Atomics.store(this.#words, WORD.isUp, isUp ? 1 : 0);
  }

  /**
   * Tells the time by Redis's clock, which all machines of the fleet share.
   *
   * @returns Milliseconds since 1970; before the first answer by this
   *   machine's clock.
   */
  now(): number {
    return this.#now() + this.#numbers[OFFSET]!;
  }

  /**
   * Corrects the clock; only for the thread that asks Redis.
   *
   * @param milliseconds Redis's clock minus what {@linkcode FleetView.now} has
   *   told for the same moment.
   */
  addOffset(milliseconds: number): void {
    this.#numbers[OFFSET]! += milliseconds;
  }

  /**
   * Asks for a round trip to Redis now, instead of at the next second. Costs
   * the caller nothing but a wake-up of the thread that asks Redis, which makes
   * several such calls into one.
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
   * Tells that a limit has no place for a connection, or few. Costs as little
   * as {@linkcode FleetView.hurry}.
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
   * @param seen Value of {@linkcode FleetView.lacks} from which on calls count.
   * @param milliseconds Longest wait.
   */
  lacked(seen: number, milliseconds: number): Promise<void> {
    return this.#wait(WORD.lacks, seen, milliseconds);
  }

  /**
   * Waits for a call of {@linkcode FleetView.hurry} in any thread.
   *
   * @param seen Value of {@linkcode FleetView.hurries} from which on calls
   *   count.
   * @param milliseconds Longest wait.
   */
  async hurried(seen: number, milliseconds: number): Promise<void> {
    // The wait alone would not keep the program alive.
    const timer = setTimeout(() => {}, milliseconds);
    await this.#wait(WORD.hurries, seen, milliseconds);
    clearTimeout(timer);
  }

  async #wait(word: number, seen: number, milliseconds: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#words, word, seen, milliseconds);
    if (waiting.async) await waiting.value;
  }
}
