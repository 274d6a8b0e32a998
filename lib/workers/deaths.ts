/**
 * How often threads have died, what was lost, and when one may be replaced.
 *
 * @module
 */

import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import type { Agreement } from "./message.ts";
import { heldBy } from "./thread_counts.ts";

/** Deaths within {@linkcode WINDOW} that end the program. */
export const MOST_DEATHS = 5;

/** Milliseconds. */
const WINDOW = 60_000;

/**
 * Milliseconds until a dead thread is replaced, by when it has stopped working;
 * doubled for each further death.
 */
const BACK_OFF = { first: 100, most: 2_000 } as const;

/** Deaths of threads. */
export class Deaths {
  readonly #log: (event: LogEvent) => void;
  /** Connections lost in the shutdown, by the thread's number. */
  readonly #lost = new Map<number, number>();
  /** Times of the last minute. */
  #all: number[] = [];

  /**
   * Begins without a death.
   *
   * @param log Receives log events.
   */
  constructor(log: (event: LogEvent) => void) {
    this.#log = log;
  }

  /** Connections lost in the shutdown. */
  get lost(): number {
    return this.#lost.values().reduce((sum, lost) => sum + lost, 0);
  }

  /** Whether threads die faster than they can be replaced. */
  get areTooMany(): boolean {
    return this.#all.length >= MOST_DEATHS;
  }

  /** Milliseconds to wait before the latest is replaced. */
  get pause(): number {
    const { first, most } = BACK_OFF;
    return Math.min(first * 2 ** Math.max(0, this.#all.length - 1), most);
  }

  /** Notes a death. */
  add(): void {
    const now = performance.now();
    this.#all = [...this.#all.filter((at) => at > now - WINDOW), now];
  }

  /**
   * Logs a death.
   *
   * @param index Number of the thread, from 0.
   * @param why What it died of.
   * @param tables What threads count in.
   * @returns How many connections are lost with it.
   */
  say(index: number, why: string, tables: Agreement["tables"]): number {
    const lost = heldBy(tables, index);
    const loss = `${countOf(lost, "connection")} lost`;
    const message = `Worker ${index + 1} has ended: ${why}; ${loss}`;
    this.#log(messageEvent("error", "worker-ended", message));
    return lost;
  }

  /**
   * Logs a death in the shutdown, and counts its loss; both once, although a
   * second signal asks each thread again.
   */
  sayLast(...death: Parameters<Deaths["say"]>): void {
    const [index] = death;
    if (!this.#lost.has(index)) this.#lost.set(index, this.say(...death));
  }

  /** Logs that another thread serves in place of a dead one. */
  sayReplaced(index: number): void {
    const message = `Worker ${index + 1} serves again`;
    this.#log(messageEvent("info", "worker-back", message));
  }
}
