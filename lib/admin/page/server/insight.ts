/**
 * Asks for what the chosen range of time shows: the history, who used most,
 * and what went wrong.
 *
 * @module
 */

import type {
  FailuresAnswer,
  HistoryAnswer,
  HistoryPoint,
  TalkersAnswer,
} from "../../api.ts";
import { Choice } from "../base/choice.ts";
import { notifyFailure } from "../base/notices.ts";
import { History } from "../charts/history.ts";
import { type Past, type Range, SPANS } from "../charts/past.ts";
import type { Api } from "../../client/api.ts";

/** The ranges and their names. */
const NAMES: Readonly<Record<Range, string>> = {
  "5m": "last 5 minutes",
  "1h": "last hour",
  "24h": "last 24 hours",
};

/** Shows what has been asked for. */
export interface InsightView {
  /** The query for the talkers that are wanted. */
  readonly talkersQuery: () => `by=${string}`;
  /** Shows the past in the charts. */
  onPast(past: Past, span: string): void;
  /** Shows who used most. */
  onTalkers(answer: TalkersAnswer): void;
  /** Shows what went wrong. */
  onFailures(answer: FailuresAnswer): void;
}

/** What a range of time shows. */
export class Insight {
  readonly #api: Api;
  readonly #view: InsightView;
  readonly #range: Choice<Range>;
  readonly #now: () => number;
  #history: History | undefined;
  #isAsking = false;

  /**
   * Connects the buttons of the ranges.
   *
   * @param now Returns milliseconds since 1970 by the server's clock.
   */
  constructor(api: Api, view: InsightView, now: () => number) {
    this.#api = api;
    this.#view = view;
    this.#now = now;
    this.#range = new Choice("range", ["1h", "5m", "24h"], () => {
      this.restart();
      this.poll();
    });
  }

  /** Asks for the history again. */
  restart(): void {
    this.#loadHistory().catch((error) =>
      notifyFailure("Cannot read the history", error)
    );
  }

  /** Adds the newest point to the past. */
  add(point: HistoryPoint): void {
    this.#history?.add(point);
    this.#showPast();
  }

  /** Asks again; a failure is not reported, because the next poll follows. */
  async poll(): Promise<void> {
    if (this.#history?.isStale(this.#now())) {
      this.#loadHistory().catch(() => {});
    }
    await Promise.allSettled([this.#loadFailures(), this.loadTalkers()]);
  }

  /** Asks for who used most. */
  async loadTalkers(): Promise<void> {
    const range = this.#range.value;
    const query = this.#view.talkersQuery();
    const answer = await this.#api.call(
      `GET /api/talkers?range=${range}&${query}`,
    );
    const isWanted = range === this.#range.value &&
      query === this.#view.talkersQuery();
    if (isWanted) this.#view.onTalkers(answer);
  }

  async #loadFailures(): Promise<void> {
    const range = this.#range.value;
    const answer = await this.#api.call(`GET /api/failures?range=${range}`);
    if (range === this.#range.value) this.#view.onFailures(answer);
  }

  async #loadHistory(): Promise<void> {
    if (this.#isAsking) return;
    const range = this.#range.value;
    let answer: HistoryAnswer;
    this.#isAsking = true;
    try {
      answer = await this.#api.call(`GET /api/history?range=${range}`);
    } finally {
      this.#isAsking = false;
    }
    // Another range was chosen meanwhile.
    if (range !== this.#range.value) return await this.#loadHistory();
    this.#history = new History(answer);
    this.#showPast();
  }

  #showPast(): void {
    if (this.#history === undefined) return;
    const past = this.#history.past(this.#now());
    const { range: [from, to] } = past;
    const range = this.#range.value;
    const isYoung = (to - from) * 1000 < SPANS[range] - 1;
    this.#view.onPast(past, isYoung ? "since the start" : NAMES[range]);
  }
}
