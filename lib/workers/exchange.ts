/**
 * What threads have to say to each other, by way of their supervisor: bans, the
 * way of connections between them, and what is said once for all of them.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { BanKeeper } from "./ban_keeper.ts";
import type { Crew } from "./crew.ts";
import { askWhose, dialCounts } from "./dials.ts";
import { SaidOnce } from "./said_once.ts";
import type { WorkerThread, WorkerThreadOptions } from "./thread.ts";

/** Options for {@linkcode Exchange}. */
export interface ExchangeOptions {
  /** How many threads there are to be. */
  count: number;
  /** The threads. */
  crew: Crew;
  /** Takes what there is to log of the program. */
  log: (event: LogEvent) => void;
  /** Takes what a thread says of the program. */
  onSaid: (event: LogEvent) => void;
}

/** What threads say to each other. */
export class Exchange {
  /** How many connections each has dialled that may arrive at another. */
  readonly dials: SharedArrayBuffer;
  readonly #options: ExchangeOptions;
  readonly #bans: BanKeeper;
  readonly #counts: Int32Array;
  readonly #said = new SaidOnce();

  /**
   * Begins with nothing said.
   *
   * @param options Between whom.
   */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#bans = new BanKeeper(options.log);
    this.dials = dialCounts(options.count);
    this.#counts = new Int32Array(this.dials);
  }

  /**
   * Makes what the supervisor does for a thread.
   *
   * @param index Its number.
   * @param self Gives the thread.
   * @returns What is done for it.
   */
  actsFor(
    index: number,
    self: () => WorkerThread,
  ): WorkerThreadOptions["acts"] {
    const { crew, onSaid } = this.#options;
    return {
      log: (event) => {
        if (this.#isNews(event, index)) onSaid(event);
      },
      copy: (name, settings) =>
        self().tell("bans", name, this.#bans.copy(name, settings)),
      ban: (name, action) => {
        const states = this.#bans.decide(name, action);
        for (const { thread } of crew.slots) thread.tell("bans", name, states);
      },
      whose: (arrival) => {
        const others = this.#dialling.filter((thread) => thread !== self());
        const asks = others.map((one) => () => one.ask("whose", arrival));
        return askWhose(arrival, asks);
      },
    };
  }

  /**
   * Forgets what a thread has dialled that has died.
   *
   * @param index Its number.
   */
  forget(index: number): void {
    Atomics.store(this.#counts, index, 0);
  }

  /** Threads that have dialled what may arrive at another. */
  get #dialling(): WorkerThread[] {
    return this.#options.crew.living
      .filter(({ index }) => Atomics.load(this.#counts, index) > 0)
      .map(({ thread }) => thread);
  }

  #isNews(event: LogEvent, index: number): boolean {
    const text = event.event === "message"
      ? event.message
      : event.event === "listening"
      ? `${event.kind} ${event.protocol} listens on ${event.listener}`
      : undefined;
    return text === undefined || this.#said.isNews(text, index);
  }
}
