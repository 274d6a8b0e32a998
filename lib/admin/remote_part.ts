/**
 * The part of the program that is in a worker: asked over a message port, and
 * never waited for without a bound.
 *
 * @module
 */

import type { Answered, Asked, Part, Question } from "./part.ts";
import type { PartQuestion, PartReply } from "./part_message.ts";

/** Milliseconds that a worker has to answer. */
export const ANSWER_TIMEOUT = 2_000;

/** Questions that may be without an answer; beyond it none is asked. */
const MOST_ASKED = 1_000;

/** What the operator wants done reaches also a worker that is busy for long. */
const ACTIONS: ReadonlySet<Question> = new Set(["end", "lift", "rest"]);

/** What has not been answered. */
interface Waiting {
  /** Gives the answer, however late; `undefined` is none. */
  tell(answer: unknown): void;
  /** Tells that there is none, by a mistake. */
  fail(error: Error): void;
}

/** Options for {@linkcode RemotePart}. */
export interface RemotePartOptions {
  /** Number of the worker, for people. */
  worker: number;
  /** Milliseconds that it has to answer (default 2,000). */
  timeout?: number;
}

/** A part in a worker; `servePart` is its other end. */
export class RemotePart implements Part {
  readonly worker: number;

  readonly #port: MessagePort;
  readonly #timeout: number;
  readonly #waiting = new Map<number, Waiting>();
  /** Questions that have had their time. */
  readonly #overdue = new Set<number>();
  #last = 0;
  #isClosed = false;

  /**
   * Begins to ask.
   *
   * @param port The channel to the worker; the part closes it.
   * @param options Which worker it is, and how long it has.
   */
  constructor(
    port: MessagePort,
    { timeout = ANSWER_TIMEOUT, worker }: RemotePartOptions,
  ) {
    this.worker = worker;
    this.#port = port;
    this.#timeout = timeout;
    port.onmessage = ({ data }: MessageEvent<PartReply>) => this.#take(data);
  }

  /** Whether it has left a question without an answer for too long. */
  get isSilent(): boolean {
    return this.#isClosed || this.#overdue.size > 0;
  }

  /**
   * Asks it something.
   *
   * @typeParam Q What is asked.
   * @param question What is asked.
   * @param asked What it is asked with.
   * @returns The answer; `undefined` where it does not answer in time, or has
   *   ended. That of `changes` is waited for until it ends: it is told once.
   * @throws {Error} If the worker made a mistake.
   */
  ask<Q extends Question>(
    question: Q,
    ...asked: Asked<Q>
  ): Promise<Answered<Q> | undefined> {
    // What waits in its queue already must not become more and more.
    const isRefused = this.#isClosed || this.#waiting.size >= MOST_ASKED ||
      this.isSilent && !ACTIONS.has(question);
    if (isRefused) return Promise.resolve(undefined);
    const number = ++this.#last;
    const message: PartQuestion = { number, question, asked };
    const { promise, reject, resolve } = Promise.withResolvers<unknown>();
    const timer = setTimeout(() => {
      this.#overdue.add(number);
      if (question !== "changes") resolve(undefined);
    }, this.#timeout);
    const end = () => {
      clearTimeout(timer);
      this.#waiting.delete(number);
      this.#overdue.delete(number);
    };
    this.#waiting.set(number, {
      tell(answer) {
        end();
        resolve(answer);
      },
      fail(error) {
        end();
        reject(error);
      },
    });
    this.#port.postMessage(message);
    return promise as Promise<Answered<Q> | undefined>;
  }

  /** Asks it nothing any more; what is not answered won't be. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#port.close();
    for (const { tell } of [...this.#waiting.values()]) tell(undefined);
  }

  #take({ answer, mistake, number }: PartReply): void {
    const waiting = this.#waiting.get(number);
    if (mistake === undefined) waiting?.tell(answer);
    else waiting?.fail(new Error(`Cannot ask worker: ${mistake}`));
  }
}
