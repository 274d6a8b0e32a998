/**
 * A thread that serves, as its supervisor sees it: it is asked, and it can end
 * at any time.
 *
 * @module
 */

import { ThreadEnded, ThreadLink } from "../sync/thread_link.ts";
import { WORKER_FAULTS } from "./fault.ts";
import type { SupervisorActs, WorkerActs } from "./message.ts";

/** How many times longer its modules may take to load. */
const LOADING = 3;

/** Options for {@linkcode WorkerThread}. */
export interface WorkerThreadOptions {
  /** The module that it begins with. */
  entry: string;
  /** Milliseconds without an answer after which it is given up. */
  patience: number;
  /** What is done for it. */
  acts: Omit<SupervisorActs, "ready" | "failed">;
}

/** A thread that serves. */
export class WorkerThread {
  /** Resolves when it can be asked; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves when it has ended, with why. */
  readonly ended: Promise<string>;
  readonly #link: ThreadLink<WorkerActs>;
  readonly #worker: Worker;
  readonly #patience: number;
  readonly #ready = Promise.withResolvers<void>();
  readonly #end = Promise.withResolvers<string>();
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
    return this.#link.silence;
  }

  /**
   * Asks it something, once it is ready.
   *
   * @typeParam Name What is asked.
   * @param name What is asked.
   * @param values What it is asked with.
   * @returns The answer.
   * @throws {ThreadEnded} If it ends before it has answered.
   * @throws {UsageError} If it answers with that, and so on.
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
   * Asks how many connections it has, and gives it up where it has been silent
   * for too long: a thread that has ended by itself says nothing. It is only
   * given up at the look after that: the whole program may have stood still
   * (SIGSTOP, a machine that is moved), and all threads been as silent.
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
   * Ends it at once; but Deno 2.9 lets one that is busy go on until it waits for
   * something, and never ends a loop: its sockets stay open as long.
   *
   * @param why Why, for who waits for an answer.
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
