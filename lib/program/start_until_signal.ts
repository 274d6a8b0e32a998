/**
 * The start of the program, which may wait for a file that never comes to its
 * end.
 *
 * @module
 */

import type { StopSignals } from "../cli/stop_signals.ts";
import { setDeadline } from "../sync/deadline.ts";

/** Milliseconds that a start has after the first signal. */
const GRACE = 1_000;

/**
 * Waits for a start, but not for long after a signal: a second signal ends the
 * wait immediately.
 *
 * @typeParam T What is started.
 * @param starting The start.
 * @param signals Where signals come from.
 * @param grace Milliseconds after the first signal (default 1 s).
 * @returns What was started, or the signal that came before.
 * @throws What the start throws.
 */
export async function startUntilSignal<T extends object>(
  starting: Promise<T>,
  signals: StopSignals,
  grace = GRACE,
): Promise<T | string> {
  const late = Promise.withResolvers<string>();
  let deadline: ReturnType<typeof setDeadline> | undefined;
  let isOver = false;
  void signals.first.then((name) => {
    if (!isOver) deadline = setDeadline(grace, () => late.resolve(name));
  });
  try {
    return await Promise.race([starting, late.promise, signals.second]);
  } finally {
    isOver = true;
    deadline?.clear();
    starting.catch(() => {}); // Nobody waits for it any more.
  }
}
