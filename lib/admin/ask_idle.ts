/**
 * Asks threads, but waits only a limited time for their answers.
 *
 * @module
 */

import { waitAtMost } from "../sync/wait_at_most.ts";
import type { Thread } from "./threads/thread.ts";
import type { Threads } from "./threads/threads.ts";

/** Options for {@linkcode askIdle}. */
export interface AskIdleOptions {
  /** Threads that still owe an answer; they are not asked again. */
  asked: ReadonlySet<Thread>;
  /** Asks one thread, and uses its answer, even if it is late. */
  ask: (thread: Thread) => Promise<void>;
  /** Milliseconds to wait for all answers. */
  patience: number;
}

/**
 * Asks all threads that owe no answer.
 *
 * @param options How to ask them.
 * @returns Resolves when all have answered, or the time is over.
 * @throws What `ask` throws.
 */
export async function askIdle(
  threads: Threads,
  { ask, asked, patience }: AskIdleOptions,
): Promise<void> {
  const idle = threads.all.filter((thread) => !asked.has(thread));
  await waitAtMost(patience, Promise.all(idle.map(ask)), () => {});
}
