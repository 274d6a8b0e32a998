/**
 * All threads of the program that accept connections, as one.
 *
 * @module
 */

import { clientKey } from "../policy/limits/client_key.ts";
import type { BanState } from "../policy/users/bans.ts";
import type { BanDecider, Fleet } from "../serve/counts/fleet.ts";
import {
  addFigures,
  endFigures,
  NO_FIGURES,
  upstreamKey,
} from "./add_figures.ts";
import type { BanStatus } from "./api.ts";
import type { Answered, Asked, Thread, ThreadQuestion } from "./thread.ts";
import { type BanKey, MOST_BANS } from "./thread_answers.ts";
import {
  type FigureTotals,
  type ThreadFigures,
  totalsOf,
} from "./thread_figures.ts";

/** Most upstreams whose sums are kept after their thread has ended. */
const MOST_UPSTREAMS = 1_000;

/** A thread and its last figures. */
interface Known {
  readonly thread: Thread;
  figures: ThreadFigures;
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
  #sum: ThreadFigures | undefined;
  #isRecording = false;
  /** Bans by an operator, with their ends: threads that come get them too. */
  readonly #banned = new Map<string, number>();
  /** Decides about them with other machines. */
  #shared: BanDecider | undefined;

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

  /** Sums of all listeners, with this thread's current figures. */
  get totals(): FigureTotals {
    return totalsOf(this.latest);
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
    this.#begin(thread);
    return () => this.#remove(thread);
  }

  /** Lets all threads, and those that come, record what happens. */
  record(): void {
    this.#isRecording = true;
    for (const thread of this.all) this.#begin(thread);
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
   * Bans a client from all listeners, in all threads, and ends its connections.
   *
   * @param client Its address.
   * @param milliseconds How long.
   * @returns How many connections were ended; a silent thread does it later.
   */
  ban(client: string, milliseconds: number): Promise<number> {
    this.#shared?.decide({ act: "ban", client, time: milliseconds });
    return this.#ban(client, milliseconds);
  }

  async #ban(client: string, milliseconds: number): Promise<number> {
    this.#forgetEnded();
    this.#banned.set(clientKey(client), Date.now() + milliseconds);
    const answers = await this.ask("ban", client, milliseconds);
    return answers.reduce((sum, { answer = 0 }) => sum + answer, 0);
  }

  /**
   * Ends a ban, in all threads.
   *
   * @returns Whether there was one; `silent` where one that did not answer may
   *   have it, which then ends it as soon as it can.
   */
  async lift(ban: BanKey): Promise<Done> {
    if (ban.kind === "client") {
      this.#banned.delete(clientKey(ban.key));
      this.#shared?.decide({ act: "lift", client: ban.key });
    }
    return doneOf(await this.ask("lift", ban));
  }

  /**
   * Lets bans by operators hold on all machines of a fleet.
   *
   * @param fleet The fleet.
   */
  share(fleet: Pick<Fleet, "bans">): void {
    this.#shared = fleet.bans({
      ...{ scope: "operator", settings: {} },
      deliver: (states) => this.#take(states),
    });
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
    const figures = await thread.ask("figures");
    thread.close();
    const known = this.#known.get(thread);
    // It may have been taken out twice at once.
    if (known === undefined) return;
    this.#known.delete(thread);
    this.#ended = this.#keep(endFigures(figures ?? known.figures));
    this.#sum = undefined;
    for (const tell of this.#onRemove) tell(thread);
  }

  /** What was asked of the others before it came. */
  #begin(thread: Thread): void {
    const now = Date.now();
    const asked: Promise<unknown>[] = [];
    if (this.#isRecording) asked.push(thread.ask("record"));
    for (const [client, until] of this.#banned) {
      if (until > now) asked.push(thread.ask("ban", client, until - now));
    }
    // A thread that does not answer is told of with every later question.
    Promise.all(asked).catch(() => {});
  }

  #forgetEnded(): void {
    const now = Date.now();
    for (const [client, until] of this.#banned) {
      const isOver = until <= now || this.#banned.size >= MOST_BANS;
      if (isOver) this.#banned.delete(client);
    }
  }

  /** Does what operators of other machines have ordered. */
  #take(states: readonly BanState[]): void {
    for (const { key, state } of states) {
      const left = state?.until ?? 0;
      if (left > 0) this.#ban(key, left).catch(() => {});
      else if (this.#banned.delete(key)) this.ask("unban", key).catch(() => {});
    }
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
