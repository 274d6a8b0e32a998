/**
 * A rate in bytes that its users share fairly.
 *
 * @module
 */

import { type Deadline, setDeadline } from "./deadline.ts";

/** Smallest piece to read: smaller ones cost more than they smooth. */
const LEAST_PIECE = 2 * 1024;

/**
 * Alone, a reader gets as much as the rate allows in this many milliseconds.
 */
const PIECE_TIME = 20;

/** While others wait, a reader's turn is this many milliseconds of the rate. */
const TURN_TIME = 2;

/** Longer turns would delay the other tunnels without any gain. */
const LONGEST_TURN = 1024 * 1024;

/**
 * Milliseconds between two checks of a rate. Whole numbers in a narrow range,
 * because deadlines of one length share a timer.
 */
const LOOK = { first: 2, last: 50 } as const;

/** The remaining budget of a rate that other threads use too. */
export interface Bucket {
  /** Milliseconds, the same for all users. */
  readonly now: number;
  /** Bytes per millisecond; other machines may leave more or less of a rate. */
  readonly speed: number;
  /** End of the last granted turn; in the past if nobody is waiting. */
  readonly givenUntil: number;
  /**
   * Returns the remaining budget.
   *
   * @returns Bytes; negative is a debt.
   */
  level(): number;
  /**
   * Spends some of the budget.
   *
   * @param count Bytes.
   */
  spend(count: number): void;
  /**
   * Grants a turn after all earlier ones. It spends nothing, because its owner
   * may find nothing to read.
   *
   * @param count Bytes of the turn.
   * @returns Start of the turn, in milliseconds.
   */
  giveTurn(count: number): number;
}

/** Options for {@linkcode Rate}. */
export interface RateOptions {
  /**
   * Budget after a pause, in milliseconds of the rate (default 100, at least
   * 10, so that a late timer loses none of it).
   */
  burst?: number;
  /** Returns the time in milliseconds (default `performance.now`). */
  now?: () => number;
  /**
   * Creates the part that threads share (default: nothing is shared).
   *
   * @param speed Bytes per millisecond.
   * @param burst Largest budget in milliseconds of the rate.
   */
  bucket?: ((speed: number, burst: number) => Bucket) | undefined;
}

/**
 * Returns the largest budget of a rate.
 *
 * @param speed Bytes per millisecond.
 * @param milliseconds Milliseconds of the rate; at least 10 count.
 * @returns Bytes.
 */
export function burstOf(speed: number, milliseconds: number): number {
  return Math.max(LEAST_PIECE, speed * Math.max(milliseconds, 10));
}

/**
 * A token bucket that is charged afterwards: a reader that finds it open reads,
 * and then pays for what arrived. Nothing is reserved for readers that only
 * wait for their peer. A bucket in debt stays closed until the debt is paid;
 * waiting readers then pass in order, one piece each.
 */
export class Rate {
  readonly #burstTime: number;
  #speed = 0;
  #burst = 0;
  #piece = 0;
  #turn = 0;
  readonly #now: () => number;
  readonly #bucket: Bucket | undefined;
  /**
   * In order of arrival. The value is the start of the turn, with other
   * threads.
   */
  readonly #waiters = new Map<() => void, number>();
  #level: number;
  #at: number;
  /** Bytes that datagrams may use while streams wait. */
  #spare = 0;
  #look: Deadline | undefined;

  /**
   * Creates a rate with its full burst.
   *
   * @param bytesPerSecond More than 0.
   * @param options Burst, clock and sharing.
   */
  constructor(bytesPerSecond: number, options: RateOptions = {}) {
    const { burst = 100, now = () => performance.now() } = options;
    this.#burstTime = burst;
    this.#setSpeed(bytesPerSecond / 1000);
    this.#now = now;
    this.#bucket = options.bucket?.(this.#speed, burst);
    this.#level = this.#burst;
    this.#at = now();
  }

  /** Whether one more reader may read now, without waiting. */
  get isOpen(): boolean {
    if (this.#waiters.size > 0) return false;
    return this.#refill() > this.#keptBefore(this.#givenUntil);
  }

  /** Bytes for one read: fewer while others wait or may wait. */
  get piece(): number {
    const isAlone = this.#bucket === undefined && this.#waiters.size === 0;
    return isAlone ? this.#piece : this.#turn;
  }

  /** Number of waiting readers. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Charges bytes that were read.
   *
   * @param count Bytes.
   */
  charge(count: number): void {
    if (this.#bucket === undefined) this.#level -= count;
    else this.#bucket.spend(count);
  }

  /**
   * Waits for the next turn.
   *
   * @param go Called once when the turn starts, never before this returns. It
   *   should read soon, must not throw, and must be a function of its own.
   */
  wait(go: () => void): void {
    this.#waiters.set(go, this.#bucket?.giveTurn(this.#turn) ?? 0);
    if (this.#waiters.size === 1) this.#lookAfter(this.#refill());
  }

  /**
   * Stops waiting.
   *
   * @param go The function passed to {@linkcode Rate.wait}. Does nothing if it
   *   was already called.
   */
  leave(go: () => void): void {
    this.#waiters.delete(go);
    if (this.#waiters.size === 0) this.#look?.clear();
  }

  /**
   * Checks whether a datagram, which cannot wait, may pass. While streams wait,
   * all datagrams together get at most half of the rate.
   *
   * @param count Bytes of the datagram.
   * @returns Whether it fits within the rate. It is not charged yet.
   */
  admits(count: number): boolean {
    return this.#waiters.size === 0 ? this.#refill() > 0 : this.#spare >= count;
  }

  /**
   * Charges a datagram that passes.
   *
   * @param count Bytes of the datagram.
   */
  chargeDatagram(count: number): void {
    this.charge(count);
    this.#spare = Math.max(0, this.#spare - count);
  }

  #setSpeed(speed: number): void {
    this.#speed = speed;
    this.#burst = burstOf(speed, this.#burstTime);
    this.#piece = Math.max(LEAST_PIECE, Math.floor(speed * PIECE_TIME));
    const turn = Math.floor(speed * TURN_TIME);
    this.#turn = Math.min(Math.max(LEAST_PIECE, turn), LONGEST_TURN);
  }

  #refill(): number {
    const bucket = this.#bucket;
    if (bucket !== undefined) {
      if (bucket.speed !== this.#speed) this.#setSpeed(bucket.speed);
      return bucket.level();
    }
    const now = this.#now();
    const gained = (now - this.#at) * this.#speed;
    this.#at = now;
    this.#level = Math.min(this.#burst, this.#level + gained);
    return this.#level;
  }

  get #givenUntil(): number {
    return this.#bucket?.givenUntil ?? 0;
  }

  #isLater(time: number): boolean {
    return this.#bucket !== undefined && time > this.#bucket.now;
  }

  /**
   * Bytes to keep for earlier turns, in whichever thread they wait. Everything
   * above that is free for all: some never take their turn.
   */
  #keptBefore(time: number): number {
    return this.#isLater(time) ? this.#burst / 2 : 0;
  }

  #lookAfter(left: number): void {
    const [at] = this.#waiters.values();
    let wait = -left / this.#speed;
    if (this.#isLater(at!)) {
      wait = Math.max(wait, at! - this.#bucket!.now);
      wait = Math.min(wait, (this.#burst / 2 - left) / this.#speed);
    }
    this.#look = setDeadline(
      Math.min(Math.max(LOOK.first, Math.ceil(wait)), LOOK.last),
      () => this.#serve(),
    );
  }

  /** Lets as many readers through as the budget allows. */
  #serve(): void {
    let left = this.#refill();
    for (const [go, at] of this.#waiters) {
      if (left <= this.#keptBefore(at)) break;
      this.#waiters.delete(go);
      left -= this.#turn;
      this.#spare = Math.min(this.#spare + this.#turn, this.#burst);
      go();
    }
    if (this.#waiters.size > 0) this.#lookAfter(left);
    else this.#spare = 0;
  }
}
