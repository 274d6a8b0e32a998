/**
 * Runs the start of the program, which may wait for a file that never ends,
 * such as a pipe.
 *
 * @module
 */

import type { StopSignals } from "../cli/stop_signals.ts";
import { setDeadline } from "../sync/deadline.ts";

/** Milliseconds that a start has after the first signal. */
const GRACE = 1_000;

/**
 * Waits for a start, but only briefly after a signal. A second signal ends the
 * wait immediately.
 *
 * @typeParam T Type of the started value.
 * @param starting The start.
 * @param signals The source of signals.
 * @param grace Milliseconds after the first signal (default 1 s).
 * @returns The started value, or the signal that came first.
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
    starting.catch(() => {}); // Nobody waits for it any longer.
  }
}
