/**
 * A rate of bytes, shared fairly by all who are to keep to it.
 *
 * @module
 */

import { type Deadline, setDeadline } from "./deadline.ts";

/** Nobody is given less to read at once: smaller pieces cost more than they smooth. */
const LEAST_PIECE = 2 * 1024;

/** One alone reads as much as the rate allows in this many milliseconds. */
const PIECE_TIME = 20;

/** Where others wait, the turn of one is this many milliseconds of the rate. */
const TURN_TIME = 2;

/** A longer turn would make the round of many tunnels long for no gain. */
const LONGEST_TURN = 1024 * 1024;

/**
 * Waits between two looks at a rate, in milliseconds. Whole numbers of a narrow
 * range, since deadlines of one length share a timer.
 */
const LOOK = { first: 2, last: 50 } as const;

/** What of a rate is left, where others than us use it too. */
export interface Bucket {
  /** Milliseconds, for all who use it the same. */
  readonly now: number;
  /** Until when turns are given away; earlier than now where nobody waits. */
  readonly givenUntil: number;
  /**
   * Tells what is left.
   *
   * @returns Bytes; negative is a debt.
   */
  level(): number;
  /**
   * Takes something out.
   *
   * @param count Bytes.
   */
  spend(count: number): void;
  /**
   * Gives a turn away, behind those that are. Nothing is taken out for it: whoever
   * has it may find nothing to read.
   *
   * @param count Bytes that a turn is.
   * @returns When it is, in milliseconds.
   */
  giveTurn(count: number): number;
}

/** Options for {@linkcode Rate}. */
export interface RateOptions {
  /**
   * How much may come at once after a pause, in milliseconds of the rate
   * (default 100, 10 at least: a timer that is late must not cost any of it).
   */
  burst?: number;
  /** Tells the time in milliseconds (default `performance.now`). */
  now?: () => number;
  /**
   * Makes what is shared with other threads (default: nothing is).
   *
   * @param speed Bytes a millisecond.
   * @param burst Bytes that it holds.
   */
  bucket?: ((speed: number, burst: number) => Bucket) | undefined;
}

/**
 * A token bucket that is paid afterwards: whoever finds it open reads some and
 * is charged for what has come, so that nothing is set aside for those who only
 * wait for their peer. In debt it is shut until the debt has been worked off;
 * those who wait are let through in turn, a piece each.
 */
export class Rate {
  readonly #speed: number;
  readonly #burst: number;
  readonly #piece: number;
  readonly #turn: number;
  readonly #now: () => number;
  readonly #bucket: Bucket | undefined;
  /** In the order of their coming; with others than us, when it is their turn. */
  readonly #waiters = new Map<() => void, number>();
  #level: number;
  #at: number;
  /** What datagrams may take although somebody waits. */
  #spare = 0;
  #look: Deadline | undefined;

  /**
   * Creates a rate whose burst has not been used.
   *
   * @param bytesPerSecond The rate, more than 0.
   * @param options Burst and clock.
   */
  constructor(bytesPerSecond: number, options: RateOptions = {}) {
    const { burst = 100, now = () => performance.now() } = options;
    this.#speed = bytesPerSecond / 1000;
    this.#burst = Math.max(LEAST_PIECE, this.#speed * Math.max(burst, 10));
    this.#piece = Math.max(LEAST_PIECE, Math.floor(this.#speed * PIECE_TIME));
    const turn = Math.floor(this.#speed * TURN_TIME);
    this.#turn = Math.min(Math.max(LEAST_PIECE, turn), LONGEST_TURN);
    this.#now = now;
    this.#bucket = options.bucket?.(this.#speed, this.#burst);
    this.#level = this.#burst;
    this.#at = now();
  }

  /** Whether one more may read now, without waiting. */
  get isOpen(): boolean {
    if (this.#waiters.size > 0) return false;
    return this.#refill() > this.#keptBefore(this.#givenUntil);
  }

  /** Bytes that one may read at once: fewer while others wait, or may. */
  get piece(): number {
    const isAlone = this.#bucket === undefined && this.#waiters.size === 0;
    return isAlone ? this.#piece : this.#turn;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * Counts what was read.
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
   * @param go Called once when it has come, not before this returns. It is to
   *   read soon, must not throw, and no other may be equal to it.
   */
  wait(go: () => void): void {
    this.#waiters.set(go, this.#bucket?.giveTurn(this.#turn) ?? 0);
    if (this.#waiters.size === 1) this.#lookAfter(this.#refill());
  }

  /**
   * Stops waiting.
   *
   * @param go What was to be called; does nothing where it was.
   */
  leave(go: () => void): void {
    this.#waiters.delete(go);
    if (this.#waiters.size === 0) this.#look?.clear();
  }

  /**
   * Tells whether a datagram may pass, which can't wait. Where streams wait,
   * all datagrams together get half of the rate at most.
   *
   * @param count Its bytes.
   * @returns Whether it is within the rate; it is not charged yet.
   */
  admits(count: number): boolean {
    return this.#waiters.size === 0 ? this.#refill() > 0 : this.#spare >= count;
  }

  /**
   * Counts a datagram that passes.
   *
   * @param count Its bytes.
   */
  chargeDatagram(count: number): void {
    this.charge(count);
    this.#spare = Math.max(0, this.#spare - count);
  }

  #refill(): number {
    if (this.#bucket !== undefined) return this.#bucket.level();
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
   * Bytes that are left for those whose turn comes before, in whichever thread
   * they wait. More than that is for all: some never take their turn.
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

  /** Lets as many through as the level has turns for. */
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
