/**
 * When a pool may dial connections that nobody has asked for.
 *
 * An upstream that restarts ends all of them, and a server such as PostgreSQL
 * does not stop before the last one has gone, those included that it accepts
 * meanwhile. So connections that end together are not followed by others, but
 * by a pause and by a single trial:
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
 * What is dialled after that may still have come too early: the server is not
 * done, or not ready. It is replaced after as long as the trouble was ago when it
 * was parked, so that a restart which takes its time is held up in proportion,
 * and not until the server's own patience is over.
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

/** Part of a pause by which it is longer or shorter, against lockstep. */
const JITTER = 0.25;

/** Milliseconds within which connections end together. */
const TOGETHER = 500;

/** Milliseconds after a restart in which connections are replaced early. */
const DOUBT = 60_000;

/** What a pool does when it is time. */
export interface RefillActions {
  /** Dials what is missing. */
  fill: () => void;
  /**
   * Dials one connection that is for nobody, and tells by
   * {@linkcode RefillPace.tried} what has become of it.
   */
  tryOne: () => void;
}

/** Options for {@linkcode RefillPace}. */
export interface RefillPaceOptions {
  /** Tells the time, in milliseconds (default `performance.now`). */
  now?: () => number;
  /** Gives a number from 0 to below 1 (default `Math.random`). */
  random?: () => number;
  /** Calls back when a time has passed (default {@linkcode setDeadline}). */
  wait?: typeof setDeadline;
}

/** When a pool may dial connections that nobody has asked for. */
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
   * Creates the pace of a pool that may fill up.
   *
   * @param actions What the pool does when it is time.
   * @param options What tells the time, and what is left to chance.
   */
  constructor(actions: RefillActions, options: RefillPaceOptions = {}) {
    this.#actions = actions;
    this.#now = options.now ?? (() => performance.now());
    this.#random = options.random ?? Math.random;
    this.#waitFor = options.wait ?? setDeadline;
  }

  /** Whether the pool may dial what is missing. */
  get mayFill(): boolean {
    return this.#state === "filling";
  }

  /**
   * Notes that a parked connection has ended. Most of them within half a second
   * is a restart, and a pause begins; to see whether it comes to that, nothing
   * is dialled for as long.
   *
   * @param left Connections that are parked still.
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
   * Begins a pause, unless there is one for that reason, or a trial.
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
   * @param trouble What has happened; nothing where the connection has stayed.
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

  /** Notes that a client could connect: after failures a trial follows now. */
  hint(): void {
    if (this.#state === "pausing" && this.#trouble === "failed") this.#try();
  }

  /**
   * Tells whether a connection was there, or on its way, when others ended
   * together.
   *
   * @param since When it was begun, by `performance.now()`.
   * @returns Whether it was.
   */
  hasEndedSince(since: number): boolean {
    return since <= this.#endedAt;
  }

  /**
   * Tells whether a connection has to be replaced, since it came so soon after
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

  /** Does nothing any more. */
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
