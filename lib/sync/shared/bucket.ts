/**
 * What is left of a rate that threads share.
 *
 * @module
 */

import type { Bucket } from "../rate.ts";
import type { SharedTable } from "./table.ts";

/** Options for {@linkcode SharedBucket}. */
export interface SharedBucketOptions {
  /** Which number of the entry it is. */
  index: number;
  /** Which number of the entry is until when turns are given away. */
  turns: number;
  /** Bytes a millisecond. */
  speed: number;
  /** Bytes that it holds. */
  burst: number;
}

/**
 * A bucket in a shared table. Kept is only when it will be full again, which
 * says all (the generic cell rate algorithm, ITU-T I.371), and lets the table
 * forget those that are.
 */
export class SharedBucket implements Bucket {
  readonly #table: SharedTable;
  readonly #entry: number;
  readonly #options: SharedBucketOptions;
  #count = 0;
  #turn = 0;

  /**
   * Uses an entry of a table, of which this thread has a share meanwhile.
   *
   * @param place The table and the entry.
   * @param options What it holds, and which number it is.
   */
  constructor(
    { table, entry }: { table: SharedTable; entry: number },
    options: SharedBucketOptions,
  ) {
    this.#table = table;
    this.#entry = entry;
    this.#options = options;
  }

  /** Milliseconds, in all threads the same. */
  get now(): number {
    return this.#table.now;
  }

  /** Until when turns are given away, in all threads. */
  get givenUntil(): number {
    return this.#table.value(this.#entry, this.#options.turns);
  }

  /**
   * Tells what is left.
   *
   * @returns Bytes; negative is a debt.
   */
  level(): number {
    const { burst, index, speed } = this.#options;
    const { now } = this.#table;
    // Without the lock: a number that is just being changed is old or new.
    const fullAt = this.#table.value(this.#entry, index);
    return burst - Math.max(0, fullAt - now) * speed;
  }

  /**
   * Takes something out.
   *
   * @param count Bytes.
   */
  spend(count: number): void {
    this.#count = count;
    this.#table.exclusively(this.#spend);
  }

  /**
   * Gives a turn away. They follow each other at the rate, whichever threads
   * they are in; one that died is no matter, since its time passes.
   *
   * @param count Bytes that it is.
   * @returns When it is, in milliseconds.
   */
  giveTurn(count: number): number {
    this.#count = count;
    this.#table.exclusively(this.#giveTurn);
    return this.#turn;
  }

  readonly #giveTurn = (): void => {
    const { speed, turns } = this.#options;
    const table = this.#table;
    this.#turn = Math.max(table.value(this.#entry, turns), table.now);
    table.setValue(this.#entry, turns, this.#turn + this.#count / speed);
  };

  /** Made once, and not for each chunk. */
  readonly #spend = (): void => {
    const { index, speed } = this.#options;
    const table = this.#table;
    const fullAt = Math.max(table.value(this.#entry, index), table.now);
    table.setValue(this.#entry, index, fullAt + this.#count / speed);
  };
}
