/**
 * Requests the data of the chosen time range: history, top talkers and
 * failures.
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
import { History, type Past } from "../charts/history.ts";
import type { Api } from "../../client/api.ts";
import { type RangeName, RANGES } from "../../client/ranges.ts";

/** The ranges and their names. */
const NAMES: Readonly<Record<RangeName, string>> = {
  "5m": "last 5 minutes",
  "1h": "last hour",
  "24h": "last 24 hours",
};

/** Shows the requested data. */
export interface InsightView {
  /** The query for the chosen talkers. */
  readonly talkersQuery: () => `by=${string}`;
  /** Shows the history in the charts. */
  onPast(past: Past, span: string): void;
  /** Shows the top talkers. */
  onTalkers(answer: TalkersAnswer): void;
  /** Shows the failures. */
  onFailures(answer: FailuresAnswer): void;
}

/** The data of a time range. */
export class Insight {
  readonly #api: Api;
  readonly #view: InsightView;
  readonly #range: Choice<RangeName>;
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

  /** Requests the history again. */
  restart(): void {
    this.#loadHistory().catch((error) =>
      notifyFailure("Cannot read the history", error)
    );
  }

  /** Adds the newest point to the history. */
  add(point: HistoryPoint): void {
    this.#history?.add(point);
    this.#showPast();
  }

  /**
   * Requests everything again; a failure is not reported, because the next poll
   * follows.
   */
  async poll(): Promise<void> {
    if (this.#history?.isStale(this.#now())) {
      this.#loadHistory().catch(() => {});
    }
    await Promise.allSettled([this.#loadFailures(), this.loadTalkers()]);
  }

  /** Requests the top talkers. */
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
    const isYoung = (to - from) * 1000 < RANGES[range] - 1;
    this.#view.onPast(past, isYoung ? "since the start" : NAMES[range]);
  }
}
