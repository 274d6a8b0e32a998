/**
 * The supervisor's view of a serving thread, which can end at any time.
 *
 * @module
 */

import { ThreadEnded, ThreadLink } from "../sync/thread_link.ts";
import { WORKER_FAULTS } from "./fault.ts";
import type { SupervisorActs, WorkerActs } from "./message.ts";

/** Factor by which loading its modules may take longer. */
const LOADING = 3;

/** Options for {@linkcode WorkerThread}. */
export interface WorkerThreadOptions {
  /** Its entry module. */
  entry: string;
  /** Milliseconds without an answer after which it is given up. */
  patience: number;
  /** The handlers of its requests. */
  acts: Omit<SupervisorActs, "ready" | "failed">;
}

/** A thread that serves. */
export class WorkerThread {
  /** Resolves when it can be asked; rejects if it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with the reason when it has ended. */
  readonly ended: Promise<string>;
  readonly #link: ThreadLink<WorkerActs>;
  readonly #worker: Worker;
  readonly #patience: number;
  readonly #ready = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<string>();
  #connections = 0;
  #isReady = false;
  #isOver = false;
  /** Whether it was silent for too long and has one more chance. */
  #isDoubted = false;

  /**
   * Begins a thread.
   *
   * @param options The configuration.
   */
  constructor({ acts, entry, patience }: WorkerThreadOptions) {
    this.#patience = patience;
    this.ended = this.#end.promise;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    this.#worker = new Worker(entry, { type: "module" });
    const own: SupervisorActs = {
      ...acts,
      ready: () => {
        this.#isReady = true;
        this.#ready.resolve();
      },
      failed: (message) => this.end(message),
    };
    this.#link = new ThreadLink(this.#worker, own, { faults: WORKER_FAULTS });
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.end(event.message);
    };
  }

  /** Its connections by its last report. */
  get connections(): number {
    return this.#connections;
  }

  /** Whether it is alive. */
  get isAlive(): boolean {
    return !this.#isOver;
  }

  /** Milliseconds since its last answer. */
  get silence(): number {
    return this.#link.silence;
  }

  /**
   * Asks it something, once it is ready.
   *
   * @typeParam Name Name of the request.
   * @param name Name of the request.
   * @param values The arguments.
   * @throws {ThreadEnded} If it ends before it answers.
   * @throws {UsageError} If it answers with that error.
   */
  async ask<Name extends keyof WorkerActs>(
    name: Name,
    ...values: Parameters<WorkerActs[Name]>
  ): Promise<Awaited<ReturnType<WorkerActs[Name]>>> {
    await this.ready;
    return await this.#link.ask(name, ...values);
  }

  /**
   * Tells it something.
   *
   * @typeParam Name What is told.
   * @param name What is told.
   * @param values More of it.
   */
  tell<Name extends keyof WorkerActs>(
    name: Name,
    ...values: Parameters<WorkerActs[Name]>
  ): void {
    this.#link.tell(name, ...values);
  }

  /**
   * Asks how many connections it has, and gives it up if it was silent for too
   * long, because a thread that ends by itself reports nothing. That happens
   * only at the next check: the whole program may have been paused (SIGSTOP, a
   * migrated machine), and then all threads were silent.
   */
  look(): void {
    const patience = this.#patience * (this.#isReady ? 1 : LOADING);
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
   * Ends it immediately. But Deno 2.9 lets a busy thread run until it awaits
   * something, and never ends a loop: until then its sockets stay open.
   *
   * @param why The reason, for pending requests.
   */
  end(why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#worker.terminate();
    this.#link.close(why);
    this.#ready.reject(new ThreadEnded(why));
    this.#end.resolve(why);
  }
}
