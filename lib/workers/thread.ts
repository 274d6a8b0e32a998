/**
 * A thread that serves, as its supervisor sees it: it is asked, and it can end
 * at any time.
 *
 * @module
 */

import { errorOf } from "./fault.ts";
import type {
  FromWorker,
  ToWorker,
  WorkerAnswers,
  WorkerQuestion,
} from "./message.ts";

/** How many times longer its modules may take to load. */
const LOADING = 3;

/** What a thread tells that nobody asked for. */
export type WorkerNews = Exclude<
  FromWorker,
  { type: "answer" | "fault" | "ready" | "failed" }
>;

/** A thread has ended, and answers nothing any more. */
export class WorkerEnded extends Error {
  /**
   * Constructs an error.
   *
   * @param why Why it has ended.
   */
  constructor(why: string) {
    super(why);
    this.name = "WorkerEnded";
  }
}

/** Options for {@linkcode WorkerThread}. */
export interface WorkerThreadOptions {
  /** The module that it begins with. */
  entry: string;
  /** Milliseconds without an answer after which it is given up. */
  patience: number;
  /** Takes what it tells. */
  onNews: (news: WorkerNews) => void;
}

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/** A thread that serves. */
export class WorkerThread {
  /** Resolves when it can be asked; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, with why. */
  readonly ended: Promise<string>;
  readonly #worker: Worker;
  readonly #options: WorkerThreadOptions;
  readonly #ready = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<string>();
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #heard = performance.now();
  #connections = 0;
  #isReady = false;
  #isOver = false;
  /** Whether it has been silent for too long, and has one more chance. */
  #isDoubted = false;

  /**
   * Begins a thread.
   *
   * @param options What it is to be.
   */
  constructor(options: WorkerThreadOptions) {
    this.#options = options;
    this.ended = this.#end.promise;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.#worker = new Worker(options.entry, { type: "module" });
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) =>
      this.#take(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.end(event.message);
    };
  }

  /** Connections that it had when it was last heard of. */
  get connections(): number {
    return this.#connections;
  }

  /** Whether it is there. */
  get isAlive(): boolean {
    return !this.#isOver;
  }

  /** Milliseconds since it was heard of. */
  get silence(): number {
    return performance.now() - this.#heard;
  }

  /**
   * Asks it something.
   *
   * @typeParam Q What is asked.
   * @param question What is asked.
   * @param asked What it is asked with.
   * @returns The answer.
   * @throws {WorkerEnded} If it ends before it has answered.
   * @throws {UsageError} If it answers with that, and so on.
   */
  async ask<Q extends WorkerQuestion>(
    question: Q,
    ...asked: Parameters<WorkerAnswers[Q]>
  ): Promise<Awaited<ReturnType<WorkerAnswers[Q]>>> {
    await this.ready;
    if (this.#isOver) throw new WorkerEnded("it has ended");
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.send({ type: "ask", id, question, asked });
    return await promise as Awaited<ReturnType<WorkerAnswers[Q]>>;
  }

  /**
   * Tells it something.
   *
   * @param message What.
   * @param transfer What is given away with it.
   */
  send(message: ToWorker, transfer: Transferable[] = []): void {
    if (!this.#isOver) this.#worker.postMessage(message, transfer);
  }

  /**
   * Asks how many connections it has, and gives it up where it has been silent
   * for too long: a thread that has ended by itself says nothing. It is only
   * given up at the look after that: the whole program may have stood still
   * (SIGSTOP, a machine that is moved), and all threads been as silent.
   */
  look(): void {
    const factor = this.#isReady ? 1 : LOADING;
    const patience = this.#options.patience * factor;
    const isSilent = this.silence > patience;
    if (isSilent && this.#isDoubted) {
      this.end(`it has not answered for ${Math.round(patience / 1000)} s`);
      return;
    }
    this.#isDoubted = isSilent;
    this.count().catch(() => {});
  }

  /** Asks how many connections it has. */
  async count(): Promise<void> {
    this.#connections = await this.ask("count");
  }

  /**
   * Ends it at once; but Deno 2.9 lets one that is busy go on until it waits for
   * something, and never ends a loop: its sockets stay open as long.
   *
   * @param why Why, for who waits for an answer.
   */
  end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#worker.terminate();
    const error = new WorkerEnded(why);
    this.#ready.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#end.resolve(why);
  }

  #take(message: FromWorker): void {
    this.#heard = performance.now();
    if (message.type === "ready") {
      this.#isReady = true;
      this.#ready.resolve();
    } else if (message.type === "failed") this.end(message.message);
    else if (message.type === "answer") {
      this.#settled(message.id)?.resolve(message.answer);
    } else if (message.type === "fault") {
      this.#settled(message.id)?.reject(errorOf(message.fault));
    } else this.#options.onNews(message);
  }

  #settled(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
