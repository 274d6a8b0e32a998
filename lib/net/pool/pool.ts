/**
 * Connections to one upstream, opened before clients need them.
 *
 * With `ahead` the pool dials them in advance, each for one client. With
 * `reuse` it keeps those that clients left in good order.
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
 * `refill_pace.ts` decides when the pool may dial in advance.
 *
 * @module
 */

import { Context } from "../../sync/context.ts";
import { type Deadline, setDeadline } from "../../sync/deadline.ts";
import type { Dialled } from "../dial.ts";
import { Duplex } from "../duplex.ts";
import type { Trail } from "../own_listeners.ts";
import { Parked, type Ready } from "./parked.ts";
import { type Eviction, noFigures, type PoolFigures } from "./figures.ts";
import { RefillPace } from "./refill_pace.ts";

/** Ways to have connections ready; `off` keeps none. */
export const POOL_MODES = ["off", "ahead", "reuse"] as const;

/** A way to have connections ready. */
export type PoolMode = typeof POOL_MODES[number];

/** Options for {@linkcode Pool}. */
export interface PoolOptions {
  /** How the pool gets its connections (default `off`). */
  mode?: PoolMode;
  /** Most parked connections (default 0). */
  size?: number;
  /**
   * Milliseconds that one stays parked (default 60,000); 0 disables the limit.
   */
  idleTimeout?: number;
  /**
   * Milliseconds from dial to the last borrow (default 600,000); 0 disables it.
   */
  maxAge?: number;
  /** Keeps the upstream's first bytes for the client (default false). */
  serverSpeaksFirst?: boolean;
}

/** A connection that was borrowed. */
export interface Borrowed extends Ready {
  /** Whether it was parked, and may have closed unnoticed. */
  readonly wasParked: boolean;
}

/** Most simultaneous dials to fill a pool. */
const MOST_DIALS = 8;

/**
 * An upstream that closes a parked connection within so many milliseconds does
 * not want idle ones; a trial that lasts longer has succeeded.
 */
const BRIEF = 1_000;

/** Milliseconds between checks of ages. */
const SWEEP = 250;

/**
 * Turns of the event loop after which the runtime has asked the system at least
 * once which sockets are ready (61, tokio's `event_interval`; measured).
 */
const TURNS_TO_ASK = 64;

/** Most times that one client waits so. */
const MOST_ROUNDS = 16;

/**
 * Opens a connection to the upstream.
 *
 * @param context Stops the attempt when cancelled.
 * @param trail Trail of the client that needs it (default: an ordinary client).
 */
export type DialUpstream = (
  context: Context,
  trail?: Trail,
) => Promise<Dialled>;

/** Connections to one upstream. */
export class Pool implements Disposable {
  /** What happened, and the state now. */
  readonly figures: PoolFigures = noFigures();

  readonly #dial: DialUpstream;
  readonly #mode: PoolMode;
  readonly #size: number;
  readonly #idleTimeout: number;
  readonly #maxAge: number;
  readonly #mostEarly: number;
  readonly #context = new Context();
  /** The last one parked is at the end, and is borrowed first. */
  readonly #parked: Parked[] = [];
  readonly #pace = new RefillPace({
    fill: () => this.#fill(),
    tryOne: () => void this.#tryOne(),
  });
  #dialling = 0;
  /** When a parked connection last closed or sent data. */
  #lostAt = -Infinity;
  /**
   * The trial connection, for no client, that shows whether the upstream is
   * back.
   */
  #trial: Parked | undefined;
  #sweep: Deadline | undefined;
  #stay: Deadline | undefined;

  /**
   * Creates a pool, and begins to fill it in mode `ahead`.
   *
   * @param dial Opens a connection.
   * @param options Mode, size and time limits.
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
   * Takes a parked connection, or dials one.
   *
   * @param context Stops the attempt when cancelled.
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
      this.figures.hits++;
      this.#fill();
      return { ...parked.take(), wasParked: true };
    }
  }

  /**
   * Dials a connection for a client, whatever is parked.
   *
   * @param context Stops the attempt when cancelled.
   * @param trail The client's trail; `undefined` for an ordinary client.
   * @returns The connection; the caller closes it, or gives it back.
   * @throws What the dial throws.
   */
  async borrowFresh(context: Context, trail?: Trail): Promise<Borrowed> {
    this.figures.misses++;
    this.figures.waiting++;
    try {
      const ready = await this.#open(context, trail);
      this.#pace.hint();
      return { ...ready, wasParked: false };
    } finally {
      this.figures.waiting--;
      this.#fill();
    }
  }

  /**
   * Takes a connection back from a client that left it in good order: no error,
   * no half-close, nothing unread or half-written. Parks it in mode `reuse` if
   * there is room; otherwise closes it.
   *
   * @param borrowed The connection; its streams are no longer in use.
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
    // The one that was idle longest is needed least.
    const [oldest] = this.#parked;
    if (this.#parked.length === this.#size) this.#evict(oldest!, "full");
    this.#park(borrowed);
  }

  /** Closes parked connections and opens no more. Can be repeated. */
  close(): void {
    this.#context.cancel(new Error("Pool is closed"));
    this.#sweep?.clear();
    this.#pace.close();
    if (this.#trial !== undefined) this.#evict(this.#trial, "closed");
    for (const parked of [...this.#parked]) this.#evict(parked, "closed");
  }

  /** The same as {@linkcode Pool.close}, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  async #open(context: Context, trail?: Trail): Promise<Ready> {
    const dialled = await this.#dial(context, trail);
    this.figures.opened++;
    return {
      ...dialled,
      duplex: dialled.duplex ?? new Duplex(dialled.connection),
      openedAt: performance.now(),
    };
  }

  #park(ready: Ready): Parked {
    const parked = this.#wrap(ready);
    this.#parked.push(parked);
    this.figures.idle = this.#parked.length;
    this.#sweep ??= setDeadline(SWEEP, () => this.#sweepOld());
    parked.watch();
    return parked;
  }

  #wrap({ connection, address, duplex, openedAt }: Ready): Parked {
    return new Parked({ connection, address, duplex, openedAt }, {
      mostEarly: this.#mostEarly,
      onEnd: (parked, why) => this.#evict(parked, why),
    });
  }

  /** Fills the pool, unless the upstream has just failed. */
  #fill(): void {
    if (this.#mode !== "ahead" || this.#context.cancelled) return;
    if (!this.#pace.mayFill) return;
    while (
      this.#parked.length + this.#dialling < this.#size &&
      this.#dialling < MOST_DIALS
    ) {
      this.#dialling++;
      this.#dialAhead();
    }
  }

  /** Never rejects: nothing awaits it. */
  async #dialAhead(): Promise<void> {
    const begunAt = performance.now();
    try {
      const ready = await this.#open(this.#context);
      if (this.#context.cancelled) ready.duplex.close();
      else {
        const parked = this.#park(ready);
        if (this.#pace.hasEndedSince(begunAt)) this.#evict(parked, "restart");
      }
    } catch {
      // A client that needs a connection now learns the reason from its own
      // dial.
      this.#pace.backOff("failed");
    } finally {
      this.#dialling--;
    }
    this.#fill();
  }

  /** Never rejects: nothing awaits it. */
  async #tryOne(): Promise<void> {
    try {
      const ready = await this.#open(this.#context);
      if (this.#context.cancelled) return ready.duplex.close();
      const trial = this.#trial = this.#wrap(ready);
      this.#stay = setDeadline(BRIEF, () => this.#evict(trial, "restart"));
      trial.watch();
    } catch {
      this.#pace.tried("failed");
    }
  }

  /**
   * Gives the runtime time to report that a connection has closed or sent data.
   * Events older than the client's arrive in the same turn, but an upstream
   * that stops closes more connections than one turn reports.
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
    parked.close();
    this.figures.evicted[why]++;
    if (parked === this.#trial) return this.#endTrial(why);
    const index = this.#parked.indexOf(parked);
    if (index >= 0) this.#parked.splice(index, 1);
    this.figures.idle = this.#parked.length;
    if (why === "ended" || why === "spoke") this.#lose(parked);
    this.#fill();
  }

  #endTrial(why: Eviction): void {
    this.#trial = undefined;
    this.#stay?.clear();
    this.#pace.tried(why === "restart" ? undefined : "ended");
  }

  /**
   * If connections end together, the rest are evicted without waiting for them.
   */
  #lose({ parkedAt }: Parked): void {
    this.#lostAt = performance.now();
    if (this.#mode !== "ahead" || this.#context.cancelled) return;
    if (this.#pace.lose(this.#parked.length)) {
      for (const left of [...this.#parked]) this.#evict(left, "restart");
    } else if (this.#lostAt - parkedAt < BRIEF) this.#pace.backOff("ended");
  }

  #sweepOld(): void {
    this.#sweep = undefined;
    for (const parked of [...this.#parked]) this.#giveUpOld(parked);
    if (this.#parked.length > 0) {
      this.#sweep ??= setDeadline(SWEEP, () => this.#sweepOld());
    }
  }

  /** Tells whether it was evicted. */
  #giveUpOld(parked: Parked): boolean {
    const why = this.#isOld(parked);
    if (why !== undefined) this.#evict(parked, why);
    return why !== undefined;
  }

  #isOld({ parkedAt, ready }: Parked): Eviction | undefined {
    const isIdle = this.#idleTimeout > 0 &&
      performance.now() - parkedAt >= this.#idleTimeout;
    if (this.#isAged(ready.openedAt)) return "aged";
    if (isIdle) return "idle";
    const isDoubtful = this.#pace.hasEndedSince(parkedAt) ||
      this.#pace.isDoubtful(parkedAt);
    return isDoubtful ? "restart" : undefined;
  }

  #isAged(openedAt: number): boolean {
    return this.#maxAge > 0 && performance.now() - openedAt >= this.#maxAge;
  }
}

/** Lets the runtime read the sockets that are ready. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => resolve()));
}
