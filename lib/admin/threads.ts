/**
 * All threads of the program that accept connections, as one.
 *
 * @module
 */

import { MOST_CLOSED } from "../serve/registry.ts";
import {
  addFigures,
  endFigures,
  NO_FIGURES,
  upstreamKey,
} from "./add_figures.ts";
import type { BanStatus, ClosedTunnel, ListedTunnel } from "./api.ts";
import type { Answered, Asked, Thread, ThreadQuestion } from "./thread.ts";
import { type BanKey, MOST_TUNNELS } from "./thread_answers.ts";
import type { ThreadFigures } from "./thread_figures.ts";

/** Most upstreams whose sums are kept after their thread has ended. */
const MOST_UPSTREAMS = 1_000;

/** A thread and its last figures. */
interface Known {
  readonly thread: Thread;
  figures: ThreadFigures;
}

/** Tunnels of all threads. */
export interface AllTunnels {
  /** The oldest first; 20,000 at most. */
  tunnels: ListedTunnel[];
  /** Threads that did not answer, whose tunnels are missing. */
  silent: number;
}

/** The result of an action. */
export type Done = "done" | "none" | "silent";

/** What one thread has answered. */
export interface ThreadAnswer<Q extends ThreadQuestion> {
  /** Which thread. */
  readonly thread: Thread;
  /** Its answer; `undefined` if it gave none in time. */
  readonly answer: Answered<Q> | undefined;
}

/** The threads of the program; they may come and go. */
export class Threads {
  readonly #known = new Map<Thread, Known>();
  readonly #onRemove = new Set<(thread: Thread) => void>();
  #ended = NO_FIGURES;
  #closed: ClosedTunnel[] = [];
  #sum: ThreadFigures | undefined;

  /** Those that are there. */
  get all(): readonly Thread[] {
    return [...this.#known.keys()];
  }

  /** Whether one of them serves. */
  get isServing(): boolean {
    return this.all.some(({ isSilent }) => !isSilent);
  }

  /** Sums of all threads, by their last answers. */
  get known(): ThreadFigures {
    return this.#sum ??= this.#add();
  }

  /** The same, with this thread's current figures. */
  get latest(): ThreadFigures {
    for (const thread of this.all) {
      const figures = thread.figuresNow?.();
      if (figures !== undefined) this.note(thread, figures);
    }
    return this.known;
  }

  /**
   * What is known of a thread.
   *
   * @returns Its last figures.
   */
  knownOf(thread: Thread): ThreadFigures {
    return this.#known.get(thread)?.figures ?? NO_FIGURES;
  }

  /**
   * Takes in a thread.
   *
   * @returns Takes it out again, and closes it: what it has counted stays
   *   counted, as it was when it could be asked last. Give it its time where
   *   the worker still runs; where it has died, close the thread before.
   */
  add(thread: Thread): () => Promise<void> {
    this.#known.set(thread, { thread, figures: NO_FIGURES });
    return () => this.#remove(thread);
  }

  /**
   * Subscribes to removed threads.
   *
   * @param listener Told of each.
   */
  onRemove(listener: (thread: Thread) => void): void {
    this.#onRemove.add(listener);
  }

  /**
   * Asks all threads for figures. A silent one counts with its last figures, so
   * sums never fall.
   *
   * @returns All together.
   */
  async figures(): Promise<ThreadFigures> {
    await this.ask("figures");
    return this.known;
  }

  /**
   * Asks all for their tunnels.
   *
   * @returns All together.
   */
  async tunnels(): Promise<AllTunnels> {
    const answers = await this.ask("tunnels");
    const tunnels = answers.flatMap(({ answer = [] }) => answer);
    if (answers.length > 1) tunnels.sort((a, b) => a.id - b.id);
    return {
      tunnels: tunnels.slice(0, MOST_TUNNELS),
      silent: answers.filter(({ answer }) => answer === undefined).length,
    };
  }

  /**
   * Asks all for what has ended.
   *
   * @returns All together, the oldest first; 500 at most.
   */
  async closed(): Promise<ClosedTunnel[]> {
    const answers = await this.ask("closed");
    const lists = answers.map(({ answer = [] }) => answer);
    return lastClosed([this.#closed, ...lists]);
  }

  /**
   * Asks all for bans.
   *
   * @returns Each once, the one with the longest to go first.
   */
  async bans(): Promise<BanStatus[]> {
    const byKey = new Map<string, BanStatus>();
    for (const { answer = [] } of await this.ask("bans")) {
      for (const ban of answer) {
        const key = `${ban.kind} ${ban.key}`;
        const other = byKey.get(key);
        if (other === undefined || other.until < ban.until) byKey.set(key, ban);
      }
    }
    return [...byKey.values()].sort((a, b) => compareTimes(b.until, a.until));
  }

  /**
   * Ends a connection, wherever it is.
   *
   * @returns Whether there was one; `silent` where one that did not answer may
   *   have it, which then ends it as soon as it can.
   */
  async end(id: number): Promise<Done> {
    return doneOf(await this.ask("end", id));
  }

  /**
   * Ends a ban, in all threads.
   *
   * @returns Whether there was one; `silent` where one that did not answer may
   *   have it, which then ends it as soon as it can.
   */
  async lift(ban: BanKey): Promise<Done> {
    return doneOf(await this.ask("lift", ban));
  }

  /**
   * Asks all the same.
   *
   * @typeParam Q What is asked.
   * @param question What is asked.
   * @returns What each has answered.
   */
  ask<Q extends ThreadQuestion>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<ThreadAnswer<Q>[]> {
    return Promise.all(this.all.map(async (thread) => {
      const answer = await thread.ask(question, ...asked);
      if (question === "figures" && answer !== undefined) {
        this.note(thread, answer as ThreadFigures);
      }
      return { thread, answer };
    }));
  }

  /**
   * Notes what a thread has told with something else.
   *
   * @param figures What it adds up to.
   */
  note(thread: Thread, figures: ThreadFigures): void {
    const known = this.#known.get(thread);
    if (known === undefined) return;
    known.figures = figures;
    this.#sum = undefined;
  }

  /** Closes all threads. */
  close(): void {
    for (const thread of this.all) thread.close();
  }

  async #remove(thread: Thread): Promise<void> {
    if (!this.#known.has(thread)) return;
    const [figures, closed] = await Promise.all([
      thread.ask("figures"),
      thread.ask("closed"),
    ]);
    thread.close();
    const known = this.#known.get(thread);
    // It may have been taken out twice at once.
    if (known === undefined) return;
    this.#known.delete(thread);
    this.#closed = lastClosed([this.#closed, closed ?? []]);
    this.#ended = this.#keep(endFigures(figures ?? known.figures));
    this.#sum = undefined;
    for (const tell of this.#onRemove) tell(thread);
  }

  #keep(figures: ThreadFigures): ThreadFigures {
    const sum = addFigures([this.#ended, figures]);
    return { ...sum, upstreams: sum.upstreams.slice(-MOST_UPSTREAMS) };
  }

  #add(): ThreadFigures {
    const all = [...this.#known.values()].map(({ figures }) => figures);
    const upstreams = new Set(
      all.flatMap(({ upstreams }) => upstreams.map(upstreamKey)),
    );
    // One that no thread has any more is told of no longer, as without workers.
    const ended = {
      ...this.#ended,
      upstreams: this.#ended.upstreams.filter((one) =>
        upstreams.has(upstreamKey(one))
      ),
    };
    return this.#ended === NO_FIGURES && all.length > 0
      ? addFigures(all)
      : addFigures([ended, ...all]);
  }
}

function lastClosed(lists: readonly ClosedTunnel[][]): ClosedTunnel[] {
  const all = lists.flat();
  if (lists.filter(({ length }) => length > 0).length > 1) {
    all.sort((a, b) => compareTimes(a.endedAt, b.endedAt));
  }
  return all.slice(-MOST_CLOSED);
}

/**
 * Times in ISO 8601, which are in order as text.
 *
 * @param one A time.
 * @param other Another.
 * @returns Below 0 where the one is earlier, above where it is later.
 */
export function compareTimes(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

function doneOf(
  answers: readonly ThreadAnswer<"end" | "lift">[],
): Done {
  if (answers.some(({ answer }) => answer === true)) return "done";
  return answers.some(({ answer }) => answer === undefined) ? "silent" : "none";
}
