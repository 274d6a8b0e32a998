/**
 * The budget of a rate that threads share.
 *
 * @module
 */

import { type Bucket, burstOf } from "../rate.ts";
import type { SharedTable } from "./table.ts";

/**
 * A value that is later than now keeps an entry in its table, so the count of
 * bytes has to stay below that.
 */
const KIB = 1024;

/** Options for {@linkcode SharedBucket}. */
export interface SharedBucketOptions {
  /** Index of the entry's value that holds the budget. */
  index: number;
  /** Index of the entry's value that holds the end of the last granted turn. */
  turns: number;
  /** Bytes per millisecond. */
  speed: number;
  /** Largest budget in milliseconds of the rate. */
  burst: number;
  /** Set if other machines share the rate (default: they don't). */
  share?: BucketShare | undefined;
}

/** A part of a rate that other machines share. */
export interface BucketShare {
  /** Index of the entry's value that holds the rate of all, per millisecond. */
  rate: number;
  /** Index of this machine's part of it, per millisecond; 0 if unknown. */
  part: number;
  /** Index of the KiB that this machine has carried. */
  carried: number;
  /** Fraction of the rate while the part is unknown. */
  untold: number;
}

/**
 * A bucket in a shared table. It stores only the time at which it will be full
 * again, which is all it needs (the generic cell rate algorithm, ITU-T I.371).
 * The table may forget full buckets.
 */
export class SharedBucket implements Bucket {
  readonly #table: SharedTable;
  readonly #entry: number;
  readonly #options: SharedBucketOptions;
  #count = 0;
  #turn = 0;

  /**
   * Uses an entry of a table. This thread must hold a share of the entry.
   *
   * @param place The table and the entry.
   * @param options Rate, and the indexes of its two values.
   */
  constructor(
    { table, entry }: { table: SharedTable; entry: number },
    options: SharedBucketOptions,
  ) {
    this.#table = table;
    this.#entry = entry;
    this.#options = options;
    const { share, speed } = options;
    if (share !== undefined) table.setValue(entry, share.rate, speed);
  }

  /** Bytes per millisecond: the whole rate, or this machine's part of it. */
  get speed(): number {
    const { share, speed } = this.#options;
    if (share === undefined) return speed;
    return this.#table.value(this.#entry, share.part) || speed * share.untold;
  }

  /** Milliseconds, the same in all threads. */
  get now(): number {
    return this.#table.now;
  }

  /** End of the last granted turn, in all threads. */
  get givenUntil(): number {
    return this.#table.value(this.#entry, this.#options.turns);
  }

  /**
   * Returns the remaining budget.
   *
   * @returns Bytes; negative is a debt.
   */
  level(): number {
    const { burst, index } = this.#options;
    const { speed } = this;
    const { now } = this.#table;
    // No lock: a concurrent change yields either the old value or the new one.
    const fullAt = this.#table.value(this.#entry, index);
    return burstOf(speed, burst) - Math.max(0, fullAt - now) * speed;
  }

  /**
   * Spends some of the budget.
   *
   * @param count Bytes.
   */
  spend(count: number): void {
    this.#count = count;
    this.#table.exclusively(this.#spend);
  }

  /**
   * Grants a turn. Turns follow each other at the rate, across all threads. The
   * turn of a dead thread does no harm: its time passes.
   *
   * @param count Bytes of the turn.
   * @returns Start of the turn, in milliseconds.
   */
  giveTurn(count: number): number {
    this.#count = count;
    this.#table.exclusively(this.#giveTurn);
    return this.#turn;
  }

  readonly #giveTurn = (): void => {
    const { turns } = this.#options;
    const table = this.#table;
    this.#turn = Math.max(table.value(this.#entry, turns), table.now);
    table.setValue(this.#entry, turns, this.#turn + this.#count / this.speed);
  };

  /** Created once instead of for each chunk. */
  readonly #spend = (): void => {
    const { index, share } = this.#options;
    const table = this.#table;
    const entry = this.#entry;
    const fullAt = Math.max(table.value(entry, index), table.now);
    table.setValue(entry, index, fullAt + this.#count / this.speed);
    if (share === undefined) return;
    const carried = table.value(entry, share.carried) + this.#count / KIB;
    table.setValue(entry, share.carried, carried);
  };
}
