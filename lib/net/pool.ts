/**
 * Connections to one upstream, ready before they are needed.
 *
 * With `ahead` they are dialled before anybody asks, each for one client; with
 * `reuse` they are those that clients have left in good order.
 *
 * ```text
 *            dial                 borrow
 * upstream ---------> parked <------------- client
 *                       |  ^                  |
 *   ends, speaks, ages  |  | give (reuse)     |
 *                       v  +------------------+
 *                    evicted
 * ```
 *
 * @module
 */

import { Context } from "../sync/context.ts";
import { type Deadline, setDeadline } from "../sync/deadline.ts";
import type { Dialled } from "./dial.ts";
import { Duplex } from "./duplex.ts";
import { EarlyReader } from "./early_reader.ts";
import type { Trail } from "./own_listeners.ts";

/** Ways to have connections ready; `off` has none. */
export const POOL_MODES = ["off", "ahead", "reuse"] as const;

/** A way to have connections ready. */
export type PoolMode = typeof POOL_MODES[number];

/** Why a parked connection was given up. */
export type Eviction = "ended" | "spoke" | "idle" | "aged" | "full" | "closed";

/** Options for {@linkcode Pool}. */
export interface PoolOptions {
  /** How connections come to be ready (default `off`). */
  mode?: PoolMode;
  /** Connections parked at once (default 0: none). */
  size?: number;
  /** Milliseconds that one stays parked (default 60,000); 0 is for ever. */
  idleTimeout?: number;
  /** Milliseconds from dial to the last borrow (default 600,000); 0: for ever. */
  maxAge?: number;
  /** Keeps what the upstream says first, for the client (default false). */
  serverSpeaksFirst?: boolean;
}

/** A connection that was borrowed. */
export interface Borrowed extends Dialled {
  /** Its streams, which go with it from client to client. */
  readonly duplex: Duplex;
  /** Whether it was parked, and so may have ended unnoticed. */
  readonly wasParked: boolean;
  /** When it was dialled, by `performance.now()`. */
  readonly openedAt: number;
}

/** What happened in a pool since its start, and what is there. */
export interface PoolFigures {
  /** Borrowed from those that were parked. */
  hits: number;
  /** Borrowed by dialling. */
  misses: number;
  /** Dialled, by whomever. */
  opened: number;
  /** Given up while parked, by reason. */
  evicted: Record<Eviction, number>;
  /** Parked now. */
  idle: number;
  /** Clients that wait for a dial now. */
  waiting: number;
}

/** Dials at once to fill a pool. */
const MOST_DIALS = 8;

/** Pauses of filling while the upstream fails, in milliseconds. */
const BACK_OFF = { first: 100, factor: 2, most: 10_000 } as const;

/**
 * An upstream that ends a parked connection sooner than this, in milliseconds,
 * does not want any.
 */
const BRIEF = 1_000;

/** How often ages are looked at, in milliseconds. */
const SWEEP = 250;

/**
 * Turns of the event loop in which the runtime asks the system at least once
 * which sockets are ready (61, tokio's `event_interval`; measured).
 */
const TURNS_TO_ASK = 64;

/** How often that is done at most, for one client. */
const MOST_ROUNDS = 16;

/**
 * Opens a connection to the upstream.
 *
 * @param context Gives up when cancelled.
 * @param trail The trail of the client that it is for (default: an ordinary one's).
 * @returns The connection.
 */
export type DialUpstream = (
  context: Context,
  trail?: Trail,
) => Promise<Dialled>;

interface Parked {
  readonly dialled: Dialled;
  readonly duplex: Duplex;
  readonly openedAt: number;
  readonly parkedAt: number;
  readonly watch: EarlyReader;
  /** Whether it was borrowed or given up. */
  isOver: boolean;
}

/** Connections to one upstream. */
export class Pool implements Disposable {
  /** What happened, and what is there. */
  readonly figures: PoolFigures = {
    hits: 0,
    misses: 0,
    opened: 0,
    evicted: { ended: 0, spoke: 0, idle: 0, aged: 0, full: 0, closed: 0 },
    idle: 0,
    waiting: 0,
  };

  readonly #dial: DialUpstream;
  readonly #mode: PoolMode;
  readonly #size: number;
  readonly #idleTimeout: number;
  readonly #maxAge: number;
  readonly #mostEarly: number;
  readonly #context = new Context();
  /** The one that was parked last is at the end, and goes first. */
  readonly #parked: Parked[] = [];
  #dialling = 0;
  #pause = 0;
  /** When one that was parked has last ended or spoken. */
  #lostAt = -Infinity;
  /** Whether filling pauses because a dial has failed. */
  #hasFailed = false;
  #sweep: Deadline | undefined;
  #retry: Deadline | undefined;

  /**
   * Creates a pool, and begins to fill it where that is its way.
   *
   * @param dial Opens a connection.
   * @param options How connections come to be ready, and for how long.
   */
  constructor(
    dial: DialUpstream,
    options: PoolOptions = {},
  ) {
    this.#dial = dial;
    this.#mode = options.mode ?? "off";
    this.#size = this.#mode === "off" ? 0 : options.size ?? 0;
    this.#idleTimeout = options.idleTimeout ?? 60_000;
    this.#maxAge = options.maxAge ?? 600_000;
    this.#mostEarly = options.serverSpeaksFirst ? 16 * 1024 : 0;
    this.#fill();
  }

  /**
   * Takes a connection that is parked, or dials one.
   *
   * @param context Gives up when cancelled.
   * @returns The connection; the caller closes it, or gives it back.
   * @throws What the dial throws.
   */
  async borrow(context: Context): Promise<Borrowed> {
    while (true) {
      const parked = this.#parked.pop();
      if (parked === undefined) return await this.borrowFresh(context);
      this.figures.idle = this.#parked.length;
      await this.#letEnd(parked);
      if (parked.isOver || this.#giveUpOld(parked)) continue;
      parked.isOver = true;
      parked.watch.stop();
      this.#pause = 0;
      this.figures.hits++;
      this.#fill();
      const { dialled, duplex, openedAt } = parked;
      return { ...dialled, duplex, openedAt, wasParked: true };
    }
  }

  /**
   * Dials a connection for a client, whatever is parked.
   *
   * @param context Gives up when cancelled.
   * @param trail The client's trail, where it is not an ordinary one's.
   * @returns The connection; the caller closes it, or gives it back.
   * @throws What the dial throws.
   */
  async borrowFresh(context: Context, trail?: Trail): Promise<Borrowed> {
    this.figures.misses++;
    this.figures.waiting++;
    try {
      const borrowed = await this.#open(context, trail);
      if (this.#hasFailed) this.#resume(); // It is back.
      return borrowed;
    } finally {
      this.figures.waiting--;
      this.#fill();
    }
  }

  /**
   * Takes a connection back from a client that has left it in good order: no
   * error, no half-close, nothing unread or half-written. It is parked where
   * the pool is for that and has room, or closed.
   *
   * @param borrowed The connection; nobody uses its streams any more.
   */
  give(borrowed: Borrowed): void {
    const { duplex, openedAt } = borrowed;
    const isWanted = this.#mode === "reuse" && this.#size > 0 &&
      !this.#context.cancelled && !this.#isAged(openedAt);
    if (!isWanted) {
      duplex.close();
      duplex.releaseBuffer();
      return;
    }
    // The one that was idle longest is the one that is needed least.
    const [oldest] = this.#parked;
    if (this.#parked.length === this.#size) this.#evict(oldest!, "full");
    this.#park(borrowed, duplex, openedAt);
  }

  /** Closes what is parked, and opens nothing more. Can be repeated. */
  close(): void {
    this.#context.cancel(new Error("Pool is closed"));
    this.#sweep?.clear();
    this.#retry?.clear();
    for (const parked of [...this.#parked]) this.#evict(parked, "closed");
  }

  /** The same as {@linkcode Pool.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #open(context: Context, trail?: Trail): Promise<Borrowed> {
    const dialled = await this.#dial(context, trail);
    this.figures.opened++;
    return {
      ...dialled,
      duplex: dialled.duplex ?? new Duplex(dialled.connection),
      openedAt: performance.now(),
      wasParked: false,
    };
  }

  #park(dialled: Dialled, duplex: Duplex, openedAt: number): void {
    const watch = new EarlyReader(duplex, (error) => {
      const hasSpoken = error instanceof RangeError;
      this.#evict(parked, hasSpoken ? "spoke" : "ended");
    }, { most: this.#mostEarly });
    const { connection, address } = dialled;
    const parked: Parked = {
      dialled: { connection, address },
      duplex,
      openedAt,
      parkedAt: performance.now(),
      watch,
      isOver: false,
    };
    this.#parked.push(parked);
    this.figures.idle = this.#parked.length;
    this.#sweep ??= setDeadline(SWEEP, () => this.#sweepOld());
  }

  /** Fills up, unless the upstream has just failed. */
  #fill(): void {
    if (this.#mode !== "ahead" || this.#context.cancelled) return;
    if (this.#retry !== undefined) return;
    while (
      this.#parked.length + this.#dialling < this.#size &&
      this.#dialling < MOST_DIALS
    ) {
      this.#dialling++;
      this.#dialAhead();
    }
  }

  /** Never rejects: nobody waits for it. */
  async #dialAhead(): Promise<void> {
    try {
      const { duplex, openedAt, ...dialled } = await this.#open(this.#context);
      if (this.#context.cancelled) duplex.close();
      else this.#park(dialled, duplex, openedAt);
    } catch {
      // Whoever needs a connection now learns why by a dial of its own.
      this.#hasFailed = true;
      this.#backOff();
    } finally {
      this.#dialling--;
    }
    this.#fill();
  }

  /** One that ends what it has just accepted is not asked at once again. */
  #backOff(): void {
    if (this.#retry !== undefined || this.#context.cancelled) return;
    this.#pause = Math.min(
      this.#pause * BACK_OFF.factor || BACK_OFF.first,
      BACK_OFF.most,
    );
    this.#retry = setDeadline(this.#pause, () => {
      this.#retry = undefined;
      this.#hasFailed = false;
      this.#fill();
    });
  }

  #resume(): void {
    this.#hasFailed = false;
    this.#pause = 0;
    this.#retry?.clear();
    this.#retry = undefined;
  }

  /**
   * Lets it be noticed that a connection has ended by now, or has spoken: what
   * was before the event that a client came with is told in the same turn. But
   * an upstream that goes ends more at once than one turn tells of.
   */
  async #letEnd(parked: Parked): Promise<void> {
    await turn();
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const before = this.#lostAt;
      if (parked.isOver || performance.now() - before >= BRIEF) return;
      for (let n = 0; n < TURNS_TO_ASK; n++) await turn();
      if (this.#lostAt === before) return;
    }
  }

  #evict(parked: Parked, why: Eviction): void {
    if (parked.isOver) return;
    parked.isOver = true;
    const index = this.#parked.indexOf(parked);
    if (index >= 0) this.#parked.splice(index, 1);
    this.figures.idle = this.#parked.length;
    this.figures.evicted[why]++;
    parked.duplex.close();
    parked.watch.stop();
    parked.duplex.releaseBuffer();
    if (why === "ended" || why === "spoke") this.#lose(parked);
    this.#fill();
  }

  #lose({ parkedAt }: Parked): void {
    this.#lostAt = performance.now();
    if (this.#lostAt - parkedAt < BRIEF) this.#backOff();
    else this.#pause = 0;
  }

  #sweepOld(): void {
    this.#sweep = undefined;
    for (const parked of [...this.#parked]) this.#giveUpOld(parked);
    if (this.#parked.length > 0) {
      this.#sweep ??= setDeadline(SWEEP, () => this.#sweepOld());
    }
  }

  /** Tells whether it was given up. */
  #giveUpOld(parked: Parked): boolean {
    const isIdle = this.#idleTimeout > 0 &&
      performance.now() - parked.parkedAt >= this.#idleTimeout;
    const isAged = this.#isAged(parked.openedAt);
    if (isAged || isIdle) this.#evict(parked, isAged ? "aged" : "idle");
    return isAged || isIdle;
  }

  #isAged(openedAt: number): boolean {
    return this.#maxAge > 0 && performance.now() - openedAt >= this.#maxAge;
  }
}

/** Lets the sockets that are ready be read. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}
