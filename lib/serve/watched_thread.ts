/**
 * Threads whose connections another thread watches, and the messages between
 * them.
 *
 * @module
 */

import type { Registry } from "./registry.ts";

/** A thread that is watched, as it is there; ends when disposed of. */
export interface WatchedThread extends Disposable {
  /** Registers its connections. */
  readonly registry: Registry;
  /**
   * Answers a question about them.
   *
   * @param question What is asked.
   * @returns The answer, as plain values.
   */
  answer(question: string, asked: readonly unknown[]): unknown;
}

/**
 * Asks a thread that is watched.
 *
 * @param question What is asked.
 * @returns The answer.
 * @throws {ThreadEnded} If the thread has ended.
 */
export type AskThread = (
  question: string,
  asked: readonly unknown[],
) => Promise<unknown>;

/** The watcher of the program's threads. */
export interface ThreadWatcher {
  /** Memory of the counter of connection numbers. */
  readonly ids: SharedArrayBuffer;
  /**
   * Takes in a thread that serves.
   *
   * @param worker Its number, from 1.
   * @returns Takes it out again; told whether it can't be asked any more.
   */
  add(worker: number, ask: AskThread): (isDead: boolean) => Promise<void>;
}
