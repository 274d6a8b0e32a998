/**
 * A table in memory that threads share. It holds each thread's share of a key,
 * and values that all threads agree on.
 *
 * @module
 */

import { SharedLock } from "./lock.ts";

/**
 * Words of the head: the lock, the change counter, the hash seed, the totals.
 */
const HEAD = { lock: 0, revision: 1, seed: 2, totals: 4 } as const;

/** Words of an entry: hash and length of the key, then its bytes. */
const ENTRY = { hash: 0, length: 1, key: 2 } as const;

/** Bytes of a word. */
const WORD = 4;

const ENCODER = new TextEncoder();

/** Milliseconds that a supervisor of threads waits for one of them. */
const PATIENCE = 100;

/** Size of a table; the same in all threads. */
export interface SharedTableShape {
  /** Number of entries. The table reserves more, to stay fast. */
  capacity: number;
  /** Number of threads, each with its own share. */
  threads: number;
  /** Longest key in bytes of UTF-8. Longer keys are cut to it. */
  keyBytes: number;
  /** Values in each entry (default 0). */
  values?: number;
  /**
   * Places to search for a key (default all). If all of them are taken, the key
   * with the smallest first value makes room, so use this only for data that
   * may be forgotten.
   */
  window?: number;
}

/** Options for {@linkcode SharedTable}. */
export interface SharedTableOptions {
  /** The memory; new memory is an empty table. */
  memory: SharedArrayBuffer;
  /**
   * Number of this thread. A number above the last has no share and can only
   * read.
   */
  thread: number;
  /** Returns milliseconds, the same in all threads. */
  now: () => number;
}

/**
 * A hash table with open addressing and linear probing. An entry is spent when
 * no thread has a share of it and none of its values is later than now. Another
 * key may take its place, so a lasting value must include its expiry.
 *
 * Call methods inside {@linkcode SharedTable.exclusively} unless they say that
 * they take or need no lock.
 */
export class SharedTable {
  readonly #shape: Required<SharedTableShape>;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #numbers: Float64Array<SharedArrayBuffer>;
  readonly #lock: SharedLock;
  readonly #thread: number;
  readonly #now: () => number;
  readonly #places: number;
  readonly #first: number;
  readonly #stride: number;
  readonly #key: Uint8Array<ArrayBuffer>;
  readonly #decoder = new TextDecoder();
  #keyLength = 0;

  /**
   * Computes the memory that a table needs.
   *
   * @param shape Size of the table.
   * @returns Bytes. The system does not allocate pages that stay unused.
   */
  static bytes(shape: SharedTableShape): number {
    const { first, places, stride } = layout(shape);
    return (first + places * stride) * WORD;
  }

  /**
   * Uses memory as a table.
   *
   * @param shape Size of the table.
   * @param options Memory, thread and clock.
   */
  constructor(
    shape: SharedTableShape,
    { memory, thread, now }: SharedTableOptions,
  ) {
    const { first, places, stride } = layout(shape);
    this.#shape = { values: 0, window: places, ...shape };
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#numbers = new Float64Array(memory);
    this.#lock = new SharedLock(this.#words, HEAD.lock, thread);
    this.#thread = thread;
    this.#now = now;
    this.#places = places;
    this.#first = first;
    this.#stride = stride;
    this.#key = new Uint8Array(shape.keyBytes);
    const [seed] = crypto.getRandomValues(new Int32Array(1));
    Atomics.compareExchange(this.#words, HEAD.seed, 0, seed! | 1);
  }

  /** Milliseconds, the same in all threads. */
  get now(): number {
    return this.#now();
  }

  /** Number of calls of {@linkcode SharedTable.touch}; needs no lock. */
  get revision(): number {
    return Atomics.load(this.#words, HEAD.revision);
  }

  /** Sum of the shares of all threads. */
  get total(): number {
    let sum = 0;
    for (let thread = 0; thread < this.#shape.threads; thread++) {
      sum += this.#words[HEAD.totals + thread]!;
    }
    return sum;
  }

  /**
   * Returns what one thread holds; needs no lock.
   *
   * @param thread Number of the thread.
   * @returns Sum of its shares of all keys.
   */
  heldBy(thread: number): number {
    return Atomics.load(this.#words, HEAD.totals + thread);
  }

  /**
   * Runs a function while this thread holds the lock.
   *
   * @typeParam T Type of the result.
   * @param act Function to run. It must not wait or throw.
   */
  exclusively<T>(act: () => T): T {
    this.#lock.acquire();
    try {
      return act();
    } finally {
      this.#lock.release();
    }
  }

  /** Records a change. */
  touch(): void {
    Atomics.add(this.#words, HEAD.revision, 1);
  }

  /**
   * Finds the entry of a key.
   *
   * @returns The entry, which keeps its place until it is spent; `undefined` if
   *   the table has none.
   */
  find(key: string): number | undefined {
    return this.#look(key).found;
  }

  /**
   * Finds the entry of a key, or creates one.
   *
   * @returns The entry; `undefined` if the table has no room.
   */
  enter(key: string): number | undefined {
    const { found, hash, room } = this.#look(key);
    if (found !== undefined || room === undefined) return found;
    const words = this.#words;
    words.fill(0, room, room + this.#stride);
    words[room + ENTRY.hash] = hash;
    words[room + ENTRY.length] = this.#keyLength + 1;
    this.#bytes.set(
      this.#key.subarray(0, this.#keyLength),
      (room + ENTRY.key) * WORD,
    );
    return room;
  }

  /** Adds up all threads' shares of an entry. */
  sharesOf(entry: number): number {
    const { threads } = this.#shape;
    const at = this.#sharesAt(entry);
    let sum = 0;
    for (let thread = 0; thread < threads; thread++) {
      sum += this.#words[at + thread]!;
    }
    return sum;
  }

  /**
   * Changes this thread's share of an entry, and its total.
   *
   * @param entry The entry. If this leaves it spent, another key may take it.
   * @param count The difference; may be negative.
   */
  addShare(entry: number, count: number): void {
    this.#words[this.#sharesAt(entry) + this.#thread]! += count;
    this.#words[HEAD.totals + this.#thread]! += count;
    if (count < 0) this.tidy(entry);
  }

  /**
   * Removes an entry that is spent, if no search has to pass it, and spent ones
   * in front of it. Call it after values have become 0.
   */
  tidy(entry: number): void {
    const mask = this.#places - 1;
    let place = (entry - this.#first) / this.#stride;
    const next = this.#at((place + 1) & mask);
    if (this.#words[next + ENTRY.length] !== 0) return;
    for (let steps = 0; steps < this.#places; steps++) {
      const last = this.#at(place);
      if (this.#words[last + ENTRY.length] === 0 || !this.#isSpent(last)) {
        return;
      }
      this.#words[last + ENTRY.length] = 0;
      place = (place - 1) & mask;
    }
  }

  /**
   * Reads a value of an entry.
   *
   * @param index Index of the value.
   * @returns The value, initially 0.
   */
  value(entry: number, index: number): number {
    return this.#numbers[this.#valuesAt(entry) + index]!;
  }

  /**
   * Sets a value of an entry.
   *
   * @param index Index of the value.
   * @param value New value.
   */
  setValue(entry: number, index: number, value: number): void {
    this.#numbers[this.#valuesAt(entry) + index] = value;
  }

  /**
   * Reads the key of an entry.
   *
   * @returns The key, as it was cut to the longest length.
   */
  keyOf(entry: number): string {
    const length = this.#words[entry + ENTRY.length]! - 1;
    const at = (entry + ENTRY.key) * WORD;
    return this.#decoder.decode(this.#bytes.slice(at, at + length));
  }

  /** All entries that are not spent, with their keys. */
  entries(): [key: string, entry: number][] {
    const all: [string, number][] = [];
    for (let place = 0; place < this.#places; place++) {
      const entry = this.#at(place);
      const length = this.#words[entry + ENTRY.length]! - 1;
      if (length < 0 || this.#isSpent(entry)) continue;
      all.push([this.keyOf(entry), entry]);
    }
    return all;
  }

  /**
   * Returns the shares of a dead thread. It takes the lock itself.
   *
   * @param thread Number of the thread, which must have stopped.
   * @returns Whether it succeeded; `false` if the lock stayed busy for 100 ms
   *   because another dead thread holds it. Return that thread's shares first.
   */
  giveBack(thread: number): boolean {
    this.#lock.free(thread);
    if (!this.#lock.acquire(PATIENCE)) return false;
    try {
      for (let place = 0; place < this.#places; place++) {
        const entry = this.#at(place);
        if (this.#words[entry + ENTRY.length] === 0) continue;
        this.#words[this.#sharesAt(entry) + thread] = 0;
      }
      this.#words[HEAD.totals + thread] = 0;
    } finally {
      this.#lock.release();
    }
    return true;
  }

  #look(
    key: string,
  ): { found?: number; hash: number; room?: number | undefined } {
    const { written } = ENCODER.encodeInto(key, this.#key);
    this.#keyLength = written;
    const hash = this.#hash();
    const { window } = this.#shape;
    let room: number | undefined;
    let least: number | undefined;
    for (let step = 0; step < window; step++) {
      const entry = this.#at((hash + step) & (this.#places - 1));
      const length = this.#words[entry + ENTRY.length]!;
      if (length === 0) return { hash, room: room ?? entry };
      if (this.#isKey(entry, hash)) return { found: entry, hash };
      if (room === undefined && this.#isSpent(entry)) room = entry;
      if (window < this.#places) least = this.#lesser(least, entry);
    }
    return { hash, room: room ?? least };
  }

  #lesser(one: number | undefined, other: number): number {
    if (one === undefined) return other;
    return this.value(one, 0) <= this.value(other, 0) ? one : other;
  }

  #isKey(entry: number, hash: number): boolean {
    const words = this.#words;
    if (words[entry + ENTRY.hash] !== hash) return false;
    if (words[entry + ENTRY.length] !== this.#keyLength + 1) return false;
    const at = (entry + ENTRY.key) * WORD;
    for (let index = 0; index < this.#keyLength; index++) {
      if (this.#bytes[at + index] !== this.#key[index]) return false;
    }
    return true;
  }

  /** FNV-1a with a seed that clients don't know. */
  #hash(): number {
    let hash = this.#words[HEAD.seed]!;
    for (let index = 0; index < this.#keyLength; index++) {
      hash = Math.imul(hash ^ this.#key[index]!, 0x01000193);
    }
    return hash ^ hash >>> 15;
  }

  #isSpent(entry: number): boolean {
    if (this.sharesOf(entry) !== 0) return false;
    let now: number | undefined;
    for (let index = 0; index < this.#shape.values; index++) {
      const value = this.value(entry, index);
      // Most values are 0, and reading the clock takes longer than all of this.
      if (value > 0 && value > (now ??= this.#now())) return false;
    }
    return true;
  }

  #at(place: number): number {
    return this.#first + place * this.#stride;
  }

  #sharesAt(entry: number): number {
    return entry + ENTRY.key + this.#shape.keyBytes / WORD;
  }

  #valuesAt(entry: number): number {
    const { values } = this.#shape;
    return (entry + this.#stride) / 2 - values;
  }
}

/** Sizes in words. Entries and their values are aligned to eight bytes. */
function layout(
  { capacity, threads, keyBytes, values = 0 }: SharedTableShape,
): { first: number; places: number; stride: number } {
  if (keyBytes % WORD !== 0) {
    throw new RangeError(`Cannot share a table: keys of ${keyBytes} bytes`);
  }
  const places = 2 ** Math.ceil(Math.log2(Math.max(capacity, 4) * 2));
  const head = HEAD.totals + threads;
  const entry = ENTRY.key + keyBytes / WORD + threads;
  return {
    first: head + head % 2,
    places,
    stride: entry + entry % 2 + values * 2,
  };
}
