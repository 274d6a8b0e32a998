/**
 * Collects the records of all threads every few seconds.
 *
 * @module
 */

import { askIdle } from "../ask_idle.ts";
import type { HistoryPoint } from "../api.ts";
import type { Thread } from "../threads/thread.ts";
import { type FigureTotals, totalsOf } from "../threads/figures.ts";
import type { Threads } from "../threads/threads.ts";
import { Blocks, BlockSum } from "./blocks.ts";
import { type Step, Timeline } from "./timeline.ts";

/** Milliseconds to wait for a thread; a later answer counts for the next step. */
const PATIENCE = 2_000;

/** Options for {@linkcode Collector}. */
export interface CollectorOptions {
  /** Milliseconds between two calls of {@linkcode Collector.collect}. */
  step: number;
  /** Sums before the first step. */
  totals: FigureTotals;
}

/** The records of all threads in the last day. */
export class Collector {
  /** The figures by time. */
  readonly history: Timeline;
  /** Rankings, results and times. */
  readonly blocks: Blocks;
  readonly #threads: Threads;
  /**
   * Threads that have not answered yet; they are not asked again, because each
   * answer is given only once.
   */
  readonly #asked = new Set<Thread>();
  #step: BlockSum;
  #totals: FigureTotals;
  #at = performance.now();

  /** Starts the recording in all threads. */
  constructor(threads: Threads, { step, totals }: CollectorOptions) {
    this.#threads = threads;
    this.#totals = totals;
    const now = Date.now();
    this.#step = new BlockSum(now);
    this.blocks = new Blocks(now);
    this.history = new Timeline({ now, step });
    threads.record();
  }

  /**
   * Asks all threads.
   *
   * @returns The step; `undefined` if the program was suspended.
   * @throws {Error} If a thread had an internal error.
   */
  async collect(): Promise<HistoryPoint | undefined> {
    await askIdle(this.#threads, {
      asked: this.#asked,
      ask: (thread) => this.#ask(thread),
      patience: PATIENCE,
    });
    const now = Date.now();
    const recorded = this.#step.seal(Infinity);
    this.#step = new BlockSum(now);
    this.blocks.add(recorded, now);
    const { results, dial, resolve } = recorded;
    const ended = Object.values(results).reduce((sum, count) => sum + count, 0);
    return this.history.add({
      ...this.#stepTotals(),
      ...{ ended, failed: results.failed, refused: results.refused },
      ...{ dial, resolve },
    }, {
      at: now,
      open: this.#totals.open,
      memory: Deno.memoryUsage().rss,
    });
  }

  async #ask(thread: Thread): Promise<void> {
    this.#asked.add(thread);
    try {
      const answer = await thread.ask("recorded");
      if (answer === undefined) return;
      this.#threads.note(thread, answer.figures);
      this.#step.add(answer, Date.now());
    } finally {
      this.#asked.delete(thread);
    }
  }

  #stepTotals(): Pick<Step, "elapsed" | "sent" | "received" | "opened"> {
    const { received, sent, total } = this.#totals;
    const before = this.#at;
    this.#at = performance.now();
    this.#totals = totalsOf(this.#threads.known);
    return {
      elapsed: this.#at - before,
      sent: Math.max(0, this.#totals.sent - sent),
      received: Math.max(0, this.#totals.received - received),
      opened: Math.max(0, this.#totals.total - total),
    };
  }
}
