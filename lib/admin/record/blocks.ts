/**
 * The events of the last day in blocks of a minute, five minutes and an hour,
 * so that a few blocks add up to any of the ranges.
 *
 * @module
 */

import {
  eachRanking,
  EventSum,
  MOST_HITTERS,
  RANKINGS,
  type Recorded,
} from "./event_sum.ts";
import { HeavyHitters } from "./heavy_hitters.ts";

/** Milliseconds of the shortest block. */
const MINUTE = 60_000;

/** Levels of blocks: how many are kept, and how many make one of the next. */
const LEVELS = [
  { most: 5, perNext: 5 },
  { most: 12, perNext: 12 },
  { most: 24, perNext: Infinity },
] as const;

/** Keys of each ranking in a block of more than a minute. */
const MOST_LONG = 500;

/**
 * Approximate limit of the blocks in bytes; beyond it, the largest drops keys.
 */
const MOST_BYTES = 5_000_000;

/** Approximate bytes of a key in a block, besides its characters. */
const PER_KEY = 56;

/** A period and its sums. */
export interface Block extends Recorded {
  /** Its start, in milliseconds since 1970. */
  readonly from: number;
  /** Its end. */
  readonly to: number;
  /** Approximate bytes of its keys. */
  readonly size: number;
}

/** A period that is still growing. */
export class BlockSum extends EventSum {
  /** Its start, in milliseconds since 1970. */
  readonly from: number;
  /** Its end. */
  to: number;

  /** Creates an empty sum. */
  constructor(from: number) {
    super();
    this.from = from;
    this.to = from;
  }

  /** Adds the events until a time, in milliseconds since 1970. */
  add(recorded: Recorded, to: number): void {
    this.to = to;
    this.merge(recorded);
  }

  /**
   * Copies it.
   *
   * @param most Most keys of each ranking.
   */
  seal(most: number): Block {
    const { from, to } = this;
    const copy = this.copy(most);
    return { ...copy, from, to, size: sizeOf(copy.rankings) };
  }
}

/** The last day in blocks. */
export class Blocks {
  #current: BlockSum;
  /** Blocks of each level, the oldest first. */
  readonly #levels: Block[][] = LEVELS.map(() => []);
  /** Number of blocks of each level that are not in a block of the next. */
  readonly #loose = LEVELS.map(() => 0);

  /** Starts empty at a time, in milliseconds since 1970. */
  constructor(now: number) {
    this.#current = new BlockSum(now);
  }

  /** Their approximate size in bytes. */
  get size(): number {
    return this.#levels.flat().reduce((sum, { size }) => sum + size, 0);
  }

  /**
   * Adds the events until now.
   *
   * @param now Milliseconds since 1970.
   */
  add(recorded: Recorded, now: number): void {
    this.#current.add(recorded, now);
    // The clock may have been set back.
    if (Math.abs(now - this.#current.from) < MINUTE) return;
    this.#push(0, this.#current.seal(MOST_HITTERS));
    this.#current = new BlockSum(now);
    this.#fit();
  }

  /**
   * Adds up a range; the result covers slightly more, because blocks are whole.
   *
   * @param milliseconds Its length: a few minutes, an hour or a day.
   * @param now Milliseconds since 1970.
   */
  sum(milliseconds: number, now: number): BlockSum {
    const level = milliseconds <= 5 * MINUTE
      ? 0
      : milliseconds <= 60 * MINUTE
      ? 1
      : 2;
    const blocks = [
      ...this.#levels[level]!,
      ...level > 1 ? this.#looseOf(1) : [],
      ...level > 0 ? this.#looseOf(0) : [],
      this.#current.seal(MOST_HITTERS),
    ].filter(({ to }) => to > now - milliseconds);
    const sum = new BlockSum(blocks[0]?.from ?? this.#current.from);
    for (const block of blocks) sum.add(block, block.to);
    return sum;
  }

  #looseOf(level: number): Block[] {
    const loose = this.#loose[level]!;
    return loose === 0 ? [] : this.#levels[level]!.slice(-loose);
  }

  #push(level: number, block: Block): void {
    const blocks = this.#levels[level]!;
    const { most, perNext } = LEVELS[level]!;
    blocks.push(block);
    if (blocks.length > most) blocks.shift();
    if (++this.#loose[level]! < perNext) return;
    const sum = new BlockSum(this.#looseOf(level)[0]!.from);
    for (const one of this.#looseOf(level)) sum.add(one, one.to);
    this.#loose[level] = 0;
    this.#push(level + 1, sum.seal(MOST_LONG));
  }

  /** Halves the keys of the largest block until all fit. */
  #fit(): void {
    while (this.size > MOST_BYTES) {
      const all = this.#levels.flatMap((blocks) =>
        blocks.map((block, index) => ({ blocks, index, size: block.size }))
      );
      const { blocks, index } = all
        .reduce((most, one) => one.size > most.size ? one : most);
      blocks[index] = halve(blocks[index]!);
    }
  }
}

function halve(block: Block): Block {
  const rankings = eachRanking((ranking) => {
    const all = new HeavyHitters(MOST_HITTERS);
    const table = block.rankings[ranking];
    all.merge(table);
    return all.table(Math.ceil(table.keys.length / 2));
  });
  return { ...block, rankings, size: sizeOf(rankings) };
}

function sizeOf(rankings: Block["rankings"]): number {
  let size = 0;
  for (const ranking of RANKINGS) {
    for (const key of rankings[ranking].keys) size += PER_KEY + key.length;
  }
  return size;
}
