/**
 * Requests the data of the chosen time range: history, top talkers and
 * failures.
 *
 * @module
 */

import type { HistoryAnswer, HistoryPoint } from "../../api.ts";
import { Choice } from "../base/choice.ts";
import { notifyFailure } from "../base/notices.ts";
import { pause } from "../base/pause.ts";
import type { FailuresCard } from "../cards/failures_card.ts";
import type { TalkersCard } from "../cards/talkers_card.ts";
import type { Charts } from "../charts/charts.ts";
import { History } from "../charts/history.ts";
import type { Api } from "../../client/api.ts";
import { type RangeName, RANGES } from "../../client/ranges.ts";
import { showStarts } from "./overview.ts";

/** The ranges and their names. */
const NAMES: Readonly<Record<RangeName, string>> = {
  "5m": "last 5 minutes",
  "1h": "last hour",
  "24h": "last 24 hours",
};

/** What shows the data. */
export interface InsightView {
  /** Shows the history. */
  readonly charts: Charts;
  /** Shows the top talkers. */
  readonly talkers: TalkersCard;
  /** Shows the failures. */
  readonly failures: FailuresCard;
}

/** The data of a time range. */
export class Insight {
  readonly #api: Api;
  readonly #view: InsightView;
  readonly #range: Choice<RangeName>;
  readonly #now: () => number;
  #history: History | undefined;
  #isAsking = false;
  #isDrawn = true;

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

  /** Adds the newest point to the history; `draw` shows it. */
  add(point: HistoryPoint): void {
    this.#history?.add(point);
    this.#isDrawn = false;
  }

  /** Draws points that have been added, in a task after that of the tables. */
  async draw(): Promise<void> {
    if (this.#isDrawn) return;
    this.#isDrawn = true;
    await pause();
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
    const query = this.#view.talkers.query;
    const answer = await this.#api.call(
      `GET /api/talkers?range=${range}&${query}`,
    );
    const isWanted = range === this.#range.value &&
      query === this.#view.talkers.query;
    if (isWanted) this.#view.talkers.show(answer);
  }

  async #loadFailures(): Promise<void> {
    const range = this.#range.value;
    const answer = await this.#api.call(`GET /api/failures?range=${range}`);
    if (range === this.#range.value) this.#view.failures.show(answer);
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
    this.#view.charts.show(past, isYoung ? "since the start" : NAMES[range]);
    showStarts(past);
  }
}
