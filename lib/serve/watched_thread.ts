/**
 * Threads whose connections are watched from another one: what whoever watches
 * gives to each, and gets from it.
 *
 * @module
 */

import type { Registry } from "./registry.ts";

/** A thread that is watched, as it is there; ends when disposed of. */
export interface WatchedThread extends Disposable {
  /** Takes in its connections. */
  readonly registry: Registry;
  /**
   * Answers a question about them.
   *
   * @param question What is asked.
   * @param asked What it is asked with.
   * @returns The answer, as plain values.
   */
  answer(question: string, asked: readonly unknown[]): unknown;
}

/**
 * Asks a thread that is watched.
 *
 * @param question What is asked.
 * @param asked What it is asked with.
 * @returns The answer.
 * @throws {ThreadEnded} If the thread has ended.
 */
export type AskThread = (
  question: string,
  asked: readonly unknown[],
) => Promise<unknown>;

/** Whoever watches the threads of the program. */
export interface ThreadWatcher {
  /** Memory of the counter that connections get their numbers from. */
  readonly ids: SharedArrayBuffer;
  /**
   * Takes in a thread that serves.
   *
   * @param worker Its number, from 1.
   * @param ask Asks it.
   * @returns Takes it out again; told whether it can't be asked any more.
   */
  add(worker: number, ask: AskThread): (isDead: boolean) => Promise<void>;
}
