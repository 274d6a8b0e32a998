/**
 * Threads whose connections another thread watches.
 *
 * @module
 */

import type { Registry } from "./registry.ts";

/** A watched thread. Disposing of it ends the watch. */
export interface WatchedThread extends Disposable {
  /** Registry of its connections. */
  readonly registry: Registry;
  /**
   * Answers a question about its connections.
   *
   * @param question The question, as plain values.
   * @returns The answer, as plain values.
   */
  answer(question: string, asked: readonly unknown[]): unknown;
}

/**
 * Asks a watched thread.
 *
 * @param question The question, as plain values.
 * @throws {ThreadEnded} If the thread has ended.
 */
export type AskThread = (
  question: string,
  asked: readonly unknown[],
) => Promise<unknown>;

/** What a thread needs to be watched, as plain values. */
export interface ThreadWatch {
  /** Shared memory of the counter of connection numbers. */
  readonly ids: SharedArrayBuffer;
  /** Whether it times the phases of connections. */
  readonly isTimed: boolean;
}

/** Watches the program's threads. */
export interface ThreadWatcher {
  /** For its threads. */
  readonly watch: ThreadWatch;
  /**
   * Adds a thread that serves.
   *
   * @param worker Its number, from 1.
   * @returns A function that removes it; its argument says whether the thread
   *   can no longer answer.
   */
  add(worker: number, ask: AskThread): (isDead: boolean) => Promise<void>;
}
