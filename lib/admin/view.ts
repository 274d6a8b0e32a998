/**
 * Builds the answers of the admin API from the running program.
 *
 * @module
 */

import { PROGRAM_VERSION } from "../cli/program_version.ts";
import type { LoopDelay } from "../observe/loop_delay.ts";
import type {
  ChangingStatus,
  Drain,
  RefusalCount,
  Status,
  WorkerStatus,
} from "./api.ts";
import type { DescriptorMeter } from "../net/system/descriptor_meter.ts";
import { isGranted } from "../net/system/is_granted.ts";
import type { DrainState } from "./drain_state.ts";
import { totalsOf } from "./threads/figures.ts";
import type { Threads } from "./threads/threads.ts";

/** The sources of the admin API. */
export interface AdminSubject {
  /** The threads that accept connections. */
  readonly threads: Threads;
  /** The state of the server's life. */
  readonly state: DrainState;
  /** Measures the delay of this thread's event loop. */
  readonly delay: LoopDelay;
  /** Counts open descriptors. */
  readonly descriptors: DescriptorMeter;
  /** Returns the name of this node of a fleet (default none). */
  readonly node?: () => string | undefined;
}

/** Builds the answers of the admin API. */
export class AdminView {
  readonly #subject: AdminSubject;
  readonly #startedAt = Date.now() - performance.now();
  readonly #host = readHostName();

  /**
   * Creates it.
   *
   * @param subject The sources.
   */
  constructor(subject: AdminSubject) {
    this.#subject = subject;
  }

  /** The changing part of the status, from the last figures. */
  get changing(): ChangingStatus {
    const { delay, threads } = this.#subject;
    const { load } = threads.known;
    const worst = Math.max(delay.worst, load?.loopDelay ?? 0);
    return {
      ...totalsOf(threads.known),
      draining: this.#drain ?? false,
      eventLoopDelayMs: roundTenth(worst),
    };
  }

  /** Returns the status of the whole program. */
  async status(): Promise<Status> {
    const { descriptors, threads } = this.#subject;
    const { listeners, ...figures } = await threads.figures();
    const { rss, heapUsed } = Deno.memoryUsage();
    const workers = this.#workers;
    return {
      version: PROGRAM_VERSION,
      host: this.#host,
      node: this.#subject.node?.() ?? null,
      startedAt: new Date(this.#startedAt).toISOString(),
      uptimeMs: Math.round(Date.now() - this.#startedAt),
      listeners: listeners
        .filter(({ open, uses }) => uses > 0 || open > 0)
        .map(({ name, kind, isPublic, open, uses }) => ({
          ...{ name, kind, isPublic, open, isDraining: uses === 0 },
        })),
      memory: { rss, heap: heapUsed + (figures.load?.heap ?? 0) },
      descriptors: {
        open: descriptors.open(figures.descriptors),
        limit: descriptors.limit,
      },
      ...this.changing,
      ...(workers.length === 0 ? {} : { workers }),
    };
  }

  /**
   * Returns the drain in progress.
   *
   * @returns The drain; `undefined` if none has begun.
   */
  async drain(): Promise<Drain | undefined> {
    await this.#subject.threads.figures();
    return this.#drain;
  }

  /**
   * Counts refused and failed connections by reason.
   *
   * @returns The most frequent first.
   */
  async refusals(): Promise<RefusalCount[]> {
    const counts = new Map<string, number>();
    for (
      const { refusals } of (await this.#subject.threads.figures()).listeners
    ) {
      for (const [reason, count] of Object.entries(refusals)) {
        counts.set(reason, (counts.get(reason) ?? 0) + count);
      }
    }
    return [...counts]
      .map(([reason, count]) => ({ reason, count }))
      .sort((a, b) => b.count - a.count);
  }

  get #drain(): Drain | undefined {
    const { threads, state } = this.#subject;
    const { until } = state;
    if (until === undefined) return undefined;
    return {
      until: until === null ? null : new Date(until).toISOString(),
      open: totalsOf(threads.known).open,
    };
  }

  get #workers(): WorkerStatus[] {
    const { threads } = this.#subject;
    const workers = threads.all.flatMap((thread) => {
      if (thread.worker === undefined) return [];
      const figures = threads.knownOf(thread);
      const { heap, loopDelay } = figures.load ?? { heap: 0, loopDelay: 0 };
      return [{
        worker: thread.worker,
        isSilent: thread.isSilent,
        open: totalsOf(figures).open,
        heap,
        eventLoopDelayMs: roundTenth(loopDelay),
      }];
    });
    return workers.sort((a, b) => a.worker - b.worker);
  }
}

/** Without this check Deno would prompt for the permission on a terminal. */
function readHostName(): string | null {
  const isAllowed = isGranted({ name: "sys", kind: "hostname" });
  return isAllowed ? Deno.hostname() : null;
}

function roundTenth(value: number): number {
  return Math.round(value * 10) / 10;
}
