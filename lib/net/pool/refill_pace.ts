/**
 * When a pool may dial connections in advance.
 *
 * An upstream that restarts closes all of them, and a server such as PostgreSQL
 * does not stop before the last connection is gone, including those it accepts
 * meanwhile. So when connections end together, the pool pauses and then dials a
 * single trial:
 *
 * ```text
 *          one of many ends              they end together, or a dial fails
 * filling ------------------> holding --------------> pausing <----.
 *    ^                           |                       |         | ends or fails:
 *    |<--------------------------'                       v         | a longer pause
 *    '------------------------------------------------ trying -----'
 *                          the trial stays
 * ```
 *
 * A connection dialled after that may still be too early: the server is not
 * done, or not ready. The pool replaces it after as much time as had passed
 * since the trouble when it was parked. So it delays a slow restart only in
 * proportion, and not until the server's own time limit.
 *
 * @module
 */

import { type Deadline, setDeadline } from "../../sync/deadline.ts";

/** Why a pool pauses: a dial has failed, or connections have ended. */
export type Trouble = "failed" | "ended";

/** First pauses, in milliseconds. */
const FIRST: Readonly<Record<Trouble, number>> = {
  failed: 100,
  ended: 1_000,
};

/** The next pause after one that did not help. */
const FACTOR = 2;

/** The longest pause before jitter, in milliseconds. */
const MOST = 10_000;

/** Part of a pause by which it varies, against lockstep. */
const JITTER = 0.25;

/** Connections that end within so many milliseconds end together. */
const TOGETHER = 500;

/** Milliseconds after a restart in which connections are replaced early. */
const DOUBT = 60_000;

/** What a pool does when its time comes. */
export interface RefillActions {
  /** Dials the missing connections. */
  fill: () => void;
  /**
   * Dials one trial connection, and reports its end to {@linkcode
   * RefillPace.tried}.
   */
  tryOne: () => void;
}

/** Options for {@linkcode RefillPace}. */
export interface RefillPaceOptions {
  /** Clock in milliseconds (default `performance.now`). */
  now?: () => number;
  /** Gives a number from 0 to below 1 (default `Math.random`). */
  random?: () => number;
  /** Calls back when a time has passed (default {@linkcode setDeadline}). */
  wait?: typeof setDeadline;
}

/** When a pool may dial connections in advance. */
export class RefillPace {
  readonly #actions: RefillActions;
  readonly #now: () => number;
  readonly #random: () => number;
  readonly #waitFor: typeof setDeadline;
  #state: "filling" | "holding" | "pausing" | "trying" = "filling";
  #timer: Deadline | undefined;
  #trouble: Trouble | undefined;
  #pause = 0;
  #troubleAt = -Infinity;
  #endedAt = -Infinity;
  #losses = { since: -Infinity, count: 0, among: 0 };

  /**
   * Creates the pace of a pool that may fill.
   *
   * @param actions What the pool does when its time comes.
   * @param options Clock, timer and random numbers.
   */
  constructor(actions: RefillActions, options: RefillPaceOptions = {}) {
    this.#actions = actions;
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#waitFor = options.wait ?? setDeadline;
  }

  /** Whether the pool may dial missing connections. */
  get mayFill(): boolean {
    return this.#state === "filling";
  }

  /**
   * Notes that a parked connection has ended. If most of them end within half a
   * second, the upstream restarts and a pause begins. Until that is clear, the
   * pool dials nothing.
   *
   * @param left Connections that are still parked.
   * @returns Whether they end together.
   */
  lose(left: number): boolean {
    const now = this.#now();
    if (now - this.#losses.since > TOGETHER) {
      this.#losses = { since: now, count: 0, among: left + 1 };
    }
    const areTogether = ++this.#losses.count * 2 > this.#losses.among;
    if (areTogether) {
      this.#endedAt = this.#troubleAt = now;
      this.backOff("ended");
    } else if (this.#state === "filling") {
      this.#wait("holding", TOGETHER, () => this.#fill());
    }
    return areTogether;
  }

  /**
   * Begins a pause, unless one for that reason or a trial is under way.
   *
   * @param trouble What has happened.
   */
  backOff(trouble: Trouble): void {
    const isKnown = this.#state === "pausing" &&
      (trouble === "failed" || trouble === this.#trouble);
    if (!isKnown && this.#state !== "trying") this.#pauseFor(trouble);
  }

  /**
   * Ends a trial: filling begins, or the next pause, which is longer.
   *
   * @param trouble What has happened; `undefined` if the connection stayed.
   */
  tried(trouble?: Trouble): void {
    if (this.#state !== "trying") return;
    if (trouble !== undefined) {
      this.#troubleAt = this.#now();
      return this.#pauseFor(trouble);
    }
    this.#trouble = undefined;
    this.#pause = 0;
    this.#fill();
  }

  /** Notes that a client could connect: after failures, a trial follows now. */
  hint(): void {
    if (this.#state === "pausing" && this.#trouble === "failed") this.#try();
  }

  /**
   * Tells whether a connection was open or being dialled when others ended
   * together.
   *
   * @param since When it was dialled, by `performance.now()`.
   * @returns Whether it was.
   */
  hasEndedSince(since: number): boolean {
    return since <= this.#endedAt;
  }

  /**
   * Tells whether to replace a connection because it was dialled so soon after
   * trouble.
   *
   * @param parkedAt When it was parked, by `performance.now()`.
   * @returns Whether it has to.
   */
  isDoubtful(parkedAt: number): boolean {
    const after = parkedAt - this.#troubleAt;
    const isEarly = after >= 0 && after < DOUBT;
    return isEarly && this.#now() - parkedAt >= after;
  }

  /** Stops all timers. */
  close(): void {
    this.#timer?.clear();
    this.#state = "pausing";
  }

  #pauseFor(trouble: Trouble): void {
    if (trouble !== this.#trouble) this.#pause = 0;
    this.#trouble = trouble;
    this.#pause = Math.min(this.#pause * FACTOR || FIRST[trouble], MOST);
    const jitter = 1 + JITTER * (2 * this.#random() - 1);
    const pause = Math.round(this.#pause * jitter);
    this.#wait("pausing", pause, () => this.#try());
  }

  #wait(state: "holding" | "pausing", pause: number, then: () => void): void {
    this.#timer?.clear();
    this.#state = state;
    this.#timer = this.#waitFor(pause, then);
  }

  #try(): void {
    this.#timer?.clear();
    this.#state = "trying";
    this.#actions.tryOne();
  }

  #fill(): void {
    this.#state = "filling";
    this.#actions.fill();
  }
}
