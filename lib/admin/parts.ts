/**
 * All parts of the program that take connections, seen as one.
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
import type { Answered, Asked, Part, Question } from "./part.ts";
import { type BanKey, MOST_TUNNELS } from "./part_answers.ts";
import type { PartFigures } from "./part_figures.ts";

/** Upstreams whose sums are kept when the thread that had them has ended. */
const MOST_UPSTREAMS = 1_000;

/** A part, and the last that is known of it. */
interface Known {
  readonly part: Part;
  figures: PartFigures;
}

/** Tunnels of all parts. */
export interface AllTunnels {
  /** The oldest first; 20,000 at most. */
  tunnels: ListedTunnel[];
  /** Parts that did not answer, whose tunnels are missing. */
  silent: number;
}

/** What has become of something that was to be done. */
export type Done = "done" | "none" | "silent";

/** What one part has answered. */
export interface PartAnswer<Q extends Question> {
  /** Which part. */
  readonly part: Part;
  /** Its answer; `undefined` where it gave none in time. */
  readonly answer: Answered<Q> | undefined;
}

/** The parts of the program; they may come and go. */
export class Parts {
  readonly #known = new Map<Part, Known>();
  readonly #onRemove = new Set<(part: Part) => void>();
  #ended = NO_FIGURES;
  #closed: ClosedTunnel[] = [];
  #sum: PartFigures | undefined;

  /** Those that are there. */
  get all(): readonly Part[] {
    return [...this.#known.keys()];
  }

  /** Whether one of them serves. */
  get isServing(): boolean {
    return this.all.some(({ isSilent }) => !isSilent);
  }

  /** What all add up to, by what was last heard of each. */
  get known(): PartFigures {
    return this.#sum ??= this.#add();
  }

  /** The same, but of this thread as it is now. */
  get latest(): PartFigures {
    for (const part of this.all) {
      const figures = part.figuresNow?.();
      if (figures !== undefined) this.note(part, figures);
    }
    return this.known;
  }

  /**
   * What is known of a part.
   *
   * @param part The part.
   * @returns Its figures, as it told them last.
   */
  knownOf(part: Part): PartFigures {
    return this.#known.get(part)?.figures ?? NO_FIGURES;
  }

  /**
   * Takes in a part.
   *
   * @param part The part.
   * @returns Takes it out again, and closes it: what it has counted stays
   *   counted, as it was when it could be asked last. Give it its time where
   *   the worker still runs; where it has died, close the part before.
   */
  add(part: Part): () => Promise<void> {
    this.#known.set(part, { part, figures: NO_FIGURES });
    return () => this.#remove(part);
  }

  /**
   * Asks to be told of parts that are taken out.
   *
   * @param listener Told of each.
   */
  onRemove(listener: (part: Part) => void): void {
    this.#onRemove.add(listener);
  }

  /**
   * Asks all what they add up to. Of one that does not answer it is what it
   * told last: sums never fall.
   *
   * @returns All together.
   */
  async figures(): Promise<PartFigures> {
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
   * @param id Number of it.
   * @returns Whether there was one; `silent` where one that did not answer may
   *   have it, which then ends it as soon as it can.
   */
  async end(id: number): Promise<Done> {
    return doneOf(await this.ask("end", id));
  }

  /**
   * Ends a ban, in all parts.
   *
   * @param ban Which one.
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
   * @param asked What it is asked with.
   * @returns What each has answered.
   */
  ask<Q extends Question>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<PartAnswer<Q>[]> {
    return Promise.all(this.all.map(async (part) => {
      const answer = await part.ask(question, ...asked);
      if (question === "figures" && answer !== undefined) {
        this.note(part, answer as PartFigures);
      }
      return { part, answer };
    }));
  }

  /**
   * Notes what a part has told with something else.
   *
   * @param part Which one.
   * @param figures What it adds up to.
   */
  note(part: Part, figures: PartFigures): void {
    const known = this.#known.get(part);
    if (known === undefined) return;
    known.figures = figures;
    this.#sum = undefined;
  }

  /** Closes all parts. */
  close(): void {
    for (const part of this.all) part.close();
  }

  async #remove(part: Part): Promise<void> {
    if (!this.#known.has(part)) return;
    const [figures, closed] = await Promise.all([
      part.ask("figures"),
      part.ask("closed"),
    ]);
    part.close();
    const known = this.#known.get(part);
    // It may have been taken out twice at once.
    if (known === undefined) return;
    this.#known.delete(part);
    this.#closed = lastClosed([this.#closed, closed ?? []]);
    this.#ended = this.#keep(endFigures(figures ?? known.figures));
    this.#sum = undefined;
    for (const tell of this.#onRemove) tell(part);
  }

  #keep(figures: PartFigures): PartFigures {
    const sum = addFigures([this.#ended, figures]);
    return { ...sum, upstreams: sum.upstreams.slice(-MOST_UPSTREAMS) };
  }

  #add(): PartFigures {
    const all = [...this.#known.values()].map(({ figures }) => figures);
    const upstreams = new Set(
      all.flatMap(({ upstreams }) => upstreams.map(upstreamKey)),
    );
    // One that no part has any more is told of no longer, as without workers.
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
  answers: readonly PartAnswer<"end" | "lift">[],
): Done {
  if (answers.some(({ answer }) => answer === true)) return "done";
  return answers.some(({ answer }) => answer === undefined) ? "silent" : "none";
}
