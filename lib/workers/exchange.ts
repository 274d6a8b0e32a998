/**
 * What threads exchange through their supervisor: bans, trails of connections,
 * and log messages for the whole program.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { BanKeeper } from "../serve/counts/ban_keeper.ts";
import type { Fleet } from "../serve/counts/fleet.ts";
import type { Crew } from "./crew.ts";
import { askWhose, dialCounts } from "./dials.ts";
import { DuplicateFilter } from "./duplicate_filter.ts";
import type { WorkerThread, WorkerThreadOptions } from "./thread.ts";

/** Options for {@linkcode Exchange}. */
export interface ExchangeOptions {
  /** Number of threads. */
  count: number;
  /** The threads. */
  crew: Crew;
  /** Receives the log events of the program. */
  log: (event: LogEvent) => void;
  /** The fleet (default: none). */
  fleet?: Fleet | undefined;
  /** Receives what a thread logs about the program. */
  onSaid: (event: LogEvent) => void;
}

/** The exchange between threads. */
export class Exchange {
  /** Number of dials of each thread that may arrive at another. */
  readonly dials: SharedArrayBuffer;
  readonly #options: ExchangeOptions;
  readonly #bans: BanKeeper;
  readonly #counts: Int32Array;
  readonly #duplicates = new DuplicateFilter();

  /**
   * Begins empty.
   *
   * @param options The threads and the log.
   */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { crew, fleet, log } = options;
    this.#bans = new BanKeeper({
      ...{ fleet, log },
      deliver(name, states) {
        for (const { thread } of crew.slots) thread.tell("bans", name, states);
      },
    });
    this.dials = dialCounts(options.count);
    this.#counts = new Int32Array(this.dials);
  }

  /**
   * Creates the supervisor's side of a thread's requests.
   *
   * @param self Returns the thread.
   * @returns The handlers of its requests.
   */
  actsFor(
    index: number,
    self: () => WorkerThread,
  ): WorkerThreadOptions["acts"] {
    const { onSaid } = this.#options;
    return {
      log: (event) => {
        if (this.#isNews(event, index)) onSaid(event);
      },
      copy: (name, scope, settings) =>
        self().tell("bans", name, this.#bans.copy(name, scope, settings)),
      ban: (name, action) => this.#bans.decide(name, action),
      whose: (arrival) => {
        const others = this.#dialling.filter((thread) => thread !== self());
        const asks = others.map((one) => () => one.ask("whose", arrival));
        return askWhose(arrival, asks);
      },
    };
  }

  /** Forgets the dials of a dead thread. */
  forget(index: number): void {
    Atomics.store(this.#counts, index, 0);
  }

  /** Threads with dials that may arrive at another. */
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
    return text === undefined || this.#duplicates.isNews(text, index);
  }
}
