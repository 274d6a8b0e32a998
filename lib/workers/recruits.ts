/**
 * Starts threads: at the start, or to replace a dead one.
 *
 * @module
 */

import { StartError } from "../cli/usage_error.ts";
import {
  descriptorLimit,
  descriptorsToStart,
} from "../net/system/descriptors.ts";
import { memoryLimit } from "../serve/limits/memory_plan.ts";
import type { ThreadWatcher } from "../serve/watched_thread.ts";
import { clockLead } from "../sync/shared/clock.ts";
import type { Fleet } from "../serve/counts/fleet.ts";
import type { Slot } from "./crew.ts";
import type { Exchange } from "./exchange.ts";
import type { WorkerStart, WorkerStarted } from "./message.ts";
import { WorkerThread } from "./thread.ts";

/** Options for {@linkcode Recruits}. */
export interface RecruitsOptions {
  /** Number of threads. */
  count: number;
  /** The entry module of threads. */
  entry: string;
  /** How they log connections. */
  logging: WorkerStart["log"];
  /** The watcher (default none). */
  watcher?: ThreadWatcher | undefined;
  /** The fleet (default: none). */
  fleet?: Fleet | undefined;
  /** Milliseconds without an answer after which a thread is given up. */
  patience: number;
}

/** Starts threads and makes them serve. */
export class Recruits {
  readonly #options: RecruitsOptions;
  readonly #exchange: Exchange;
  /** A later thread is not permitted to read it any more. */
  readonly #descriptors = descriptorLimit();
  readonly #memory = memoryLimit();

  /**
   * Begins with none.
   *
   * @param options What threads get.
   * @param exchange Their exchange.
   * @throws {StartError} If there are too few descriptors for all threads.
   */
  constructor(options: RecruitsOptions, exchange: Exchange) {
    this.#options = options;
    this.#exchange = exchange;
    requireDescriptors(options.count, this.#descriptors);
  }

  /** Starts a thread that does not serve yet. */
  begin(index: number): Slot {
    const { entry, patience } = this.#options;
    const acts = this.#exchange.actsFor(index, () => thread);
    const thread: WorkerThread = new WorkerThread({ acts, entry, patience });
    return { index, thread, leave: undefined, isServing: false };
  }

  /**
   * Lets a thread serve.
   *
   * @param slot Its place.
   * @param given Plan and agreement.
   * @throws Why it cannot start.
   */
  async start(
    slot: Slot,
    given: Pick<
      WorkerStart,
      "agreement" | "isFirst" | "isReplacing" | "plan"
    >,
  ): Promise<WorkerStarted> {
    const { index, thread } = slot;
    const { count, fleet, logging, watcher } = this.#options;
    await thread.ready;
    const started = await thread.ask("start", {
      ...given,
      thread: { index, count },
      log: logging,
      watch: watcher?.watch,
      descriptors: this.#descriptors,
      memory: this.#memory,
      clockLead: clockLead(),
      dials: this.#exchange.dials,
      fleet: fleet?.memory,
    });
    slot.leave = watcher?.add(
      index + 1,
      (question, asked) => thread.ask("answer", question, asked),
    );
    slot.isServing = true;
    return started;
  }
}

function requireDescriptors(count: number, limit = Infinity): void {
  const least = descriptorsToStart(count);
  if (limit >= least) return;
  throw new StartError(
    `Cannot start ${count} workers: they need ${least} file descriptors, and the limit is ${limit}; raise it with ulimit -n ${least}, or give --workers 1`,
  );
}
