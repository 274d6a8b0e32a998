/**
 * The figures that the event stream lacks: top talkers and failures.
 *
 * @module
 */

import type {
  ClosedAnswer,
  FailuresAnswer,
  TalkersAnswer,
} from "../admin/api.ts";
import type { Calls } from "../admin/endpoints.ts";
import type { AdminClient } from "./client.ts";
import type { View } from "./view.ts";

/** Most talkers to show. */
const MOST_TALKERS = 100;

/** Range of the failure share in the header. */
const SHARE_RANGE = "5m";

/** Filter for connections that were refused or failed. */
const LAST = new URLSearchParams({
  filter: "-result=ok -result=cut -result=dropped",
  limit: "20",
});

/** The last answer to a question, or the reason why it has none. */
export interface AnswerState<T> {
  /** The last answer; `undefined` before it. */
  readonly answer: T | undefined;
  /** Why the last question failed; empty if it succeeded. */
  readonly fault: string;
}

/** State before the first answer. */
export const UNKNOWN: AnswerState<never> = { answer: undefined, fault: "" };

/** Requests figures, one round at a time. */
export class Inquiries {
  /** Share of connections that are refused or fail, 0 to 1. */
  share: number | undefined;
  /** Who uses most. */
  talkers: AnswerState<TalkersAnswer> = UNKNOWN;
  /** What goes wrong. */
  failures: AnswerState<FailuresAnswer> = UNKNOWN;
  /** The last connections that were refused or failed. */
  last: AnswerState<ClosedAnswer> = UNKNOWN;
  readonly #client: AdminClient;
  readonly #onAnswer: () => void;
  #asked = "";
  #isAsking = false;
  #isStale = false;

  /**
   * Asks a server.
   *
   * @param onAnswer Called when new figures have arrived.
   */
  constructor(client: AdminClient, onAnswer: () => void = () => {}) {
    this.#client = client;
    this.#onAnswer = onAnswer;
  }

  /**
   * Requests the figures that the view shows, now or after the round in
   * progress. It never rejects: a failed request stores its reason.
   */
  async ask(view: View): Promise<void> {
    this.#isStale = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#isStale) {
      this.#isStale = false;
      await this.#ask(view);
      this.#onAnswer();
    }
    this.#isAsking = false;
  }

  async #ask(view: View): Promise<void> {
    const { dimension, order, panel, range } = view;
    const asked = [panel, dimension, order, range].join(" ");
    if (asked !== this.#asked) {
      this.talkers = UNKNOWN;
      this.failures = UNKNOWN;
      this.last = UNKNOWN;
    }
    this.#asked = asked;
    await Promise.all([
      this.#askShare(),
      panel === "talkers" && this.#askTalkers(view),
      panel === "errors" && this.#askErrors(view),
    ]);
  }

  async #askTalkers({ dimension, order, range }: View): Promise<void> {
    this.talkers = await this.#answer(
      `GET /api/talkers?range=${range}&by=${dimension}&order=${order}&limit=${MOST_TALKERS}`,
      this.talkers,
    );
  }

  async #askErrors({ range }: View): Promise<void> {
    const [failures, last] = await Promise.all([
      this.#answer(`GET /api/failures?range=${range}`, this.failures),
      this.#answer(`GET /api/closed?${LAST}`, this.last),
    ]);
    this.failures = failures;
    this.last = last;
  }

  async #askShare(): Promise<void> {
    const call = `GET /api/failures?range=${SHARE_RANGE}` as const;
    const { answer } = await this.#answer(call, UNKNOWN);
    this.share = answer?.ended === 0 ? undefined : answer?.share;
  }

  /** A failure keeps the previous answer. */
  async #answer<C extends keyof Calls>(
    call: C,
    { answer }: AnswerState<Calls[C]>,
  ): Promise<AnswerState<Calls[C]>> {
    try {
      return { answer: await this.#client.call(call), fault: "" };
    } catch (error) {
      return { answer, fault: this.#client.describe(error) };
    }
  }
}
