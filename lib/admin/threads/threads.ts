/**
 * All threads of the program that accept connections, as one.
 *
 * @module
 */

import { clientKey } from "../../policy/limits/client_key.ts";
import type { BanState } from "../../policy/users/bans.ts";
import type { BanDecider, Fleet } from "../../serve/counts/fleet.ts";
import {
  addFigures,
  endFigures,
  NO_FIGURES,
  upstreamKey,
} from "../add_figures.ts";
import type { BanStatus } from "../api.ts";
import type { Answered, Asked, Thread, ThreadQuestion } from "./thread.ts";
import { type BanKey, MOST_BANS } from "./answers.ts";
import { type FigureTotals, type ThreadFigures, totalsOf } from "./figures.ts";

/** Most upstreams whose totals outlive their thread. */
const MOST_UPSTREAMS = 1_000;

/** The result of an action. */
export type Done = "done" | "none" | "silent";

/** The answer of one thread. */
export interface ThreadAnswer<Q extends ThreadQuestion> {
  /** The thread. */
  readonly thread: Thread;
  /** Its answer; `undefined` if none came in time. */
  readonly answer: Answered<Q> | undefined;
}

/** The threads of the program; they may come and go. */
export class Threads {
  /** The threads with their last figures. */
  readonly #known = new Map<Thread, ThreadFigures>();
  readonly #onRemove = new Set<(thread: Thread) => void>();
  #ended = NO_FIGURES;
  #sum: ThreadFigures | undefined;
  #isRecording = false;
  /** Bans by an operator, with their ends; new threads get them too. */
  readonly #banned = new Map<string, number>();
  /** Decides about them with other machines. */
  #shared: BanDecider | undefined;

  /** The current threads. */
  get all(): readonly Thread[] {
    return [...this.#known.keys()];
  }

  /** Whether at least one of them serves. */
  get isServing(): boolean {
    return this.all.some(({ isSilent }) => !isSilent);
  }

  /** Sums of all threads, by their last answers. */
  get known(): ThreadFigures {
    return this.#sum ??= this.#add();
  }

  /** Sums of all listeners, with this thread's current figures. */
  get totals(): FigureTotals {
    for (const thread of this.all) {
      const figures = thread.figuresNow?.();
      if (figures !== undefined) this.note(thread, figures);
    }
    return totalsOf(this.known);
  }

  /** Returns the last figures of a thread. */
  knownOf(thread: Thread): ThreadFigures {
    return this.#known.get(thread) ?? NO_FIGURES;
  }

  /**
   * Adds a thread.
   *
   * @returns A function that removes and closes it; its last counts stay in the
   *   sums. If the worker still runs, let it answer first; if it has died,
   *   close the thread before the call.
   */
  add(thread: Thread): () => Promise<void> {
    this.#known.set(thread, NO_FIGURES);
    this.#begin(thread);
    return () => this.#remove(thread);
  }

  /** Starts the recording in all current and future threads. */
  record(): void {
    this.#isRecording = true;
    for (const thread of this.all) this.#begin(thread);
  }

  /**
   * Subscribes to removed threads.
   *
   * @param listener Called with each removed thread.
   */
  onRemove(listener: (thread: Thread) => void): void {
    this.#onRemove.add(listener);
  }

  /**
   * Asks all threads for figures. A silent one counts with its last figures, so
   * sums never fall.
   */
  async figures(): Promise<ThreadFigures> {
    await this.ask("figures");
    return this.known;
  }

  /**
   * Asks all for bans.
   *
   * @returns Each ban once; those that last longest come first.
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
   * @returns Whether one thread had it; `silent` if a thread that did not
   *   answer may have it. That thread then ends it when it answers again.
   */
  async end(id: number): Promise<Done> {
    return doneOf(await this.ask("end", id));
  }

  /**
   * Bans a client from all listeners, in all threads, and ends its connections.
   *
   * @param client Its address.
   * @param milliseconds Duration.
   * @returns Number of ended connections; a silent thread ends its own later.
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
   * @returns Whether one thread had it; `silent` if a thread that did not
   *   answer may have it. That thread then ends it when it answers again.
   */
  async lift(ban: BanKey): Promise<Done> {
    if (ban.kind === "client") {
      this.#banned.delete(clientKey(ban.key));
      this.#shared?.decide({ act: "lift", client: ban.key });
    }
    return doneOf(await this.ask("lift", ban));
  }

  /** Lets bans by operators hold on all machines of a fleet. */
  share(fleet: Pick<Fleet, "bans">): void {
    this.#shared = fleet.bans({
      ...{ scope: "operator", settings: {} },
      deliver: (states) => this.#take(states),
    });
  }

  /**
   * Asks all the same.
   *
   * @typeParam Q The question.
   * @returns The answer of each thread.
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

  /** Stores figures that came with another answer of a thread. */
  note(thread: Thread, figures: ThreadFigures): void {
    if (!this.#known.has(thread)) return;
    this.#known.set(thread, figures);
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
    // Two calls may have removed it at the same time.
    if (known === undefined) return;
    this.#known.delete(thread);
    this.#ended = this.#keep(endFigures(figures ?? known));
    this.#sum = undefined;
    for (const tell of this.#onRemove) tell(thread);
  }

  /** Sends it the requests that the others got before it joined. */
  #begin(thread: Thread): void {
    const now = Date.now();
    const asked: Promise<unknown>[] = [];
    if (this.#isRecording) asked.push(thread.ask("record"));
    for (const [client, until] of this.#banned) {
      if (until > now) asked.push(thread.ask("ban", client, until - now));
    }
    // A thread that does not answer now gets them with later questions.
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
    const all = [...this.#known.values()];
    const upstreams = new Set(
      all.flatMap(({ upstreams }) => upstreams.map(upstreamKey)),
    );
    // A listener that no thread has any more disappears, as it does without
    // workers.
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
 * @returns Below 0 if the first is earlier, above 0 if it is later.
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
