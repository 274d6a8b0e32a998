/**
 * Detects a silent peer, and asks it for a sign of life before giving up.
 *
 * @module
 */

import type { Deadline } from "./deadline.ts";
import { watchStall } from "./stall.ts";

/** Silent periods before Sluice gives up on a peer. */
const MOST_SILENT = 3;

/** Actions of a heartbeat. */
export interface HeartbeatActions {
  /** Called after each silent period but the last. It must not throw. */
  beat: () => void;
  /** Called once after the third silent period in a row. It must not throw. */
  expire: () => void;
}

/**
 * Watches a counter that stops while the peer is silent.
 *
 * @param period Milliseconds of silence before the first beat, and between
 *   beats; 0 disables the watch.
 * @param progress Returns the counter, for example the bytes received.
 * @param actions Actions on silence.
 * @returns Ends the watch.
 */
export function startHeartbeat(
  period: number,
  progress: () => number,
  { beat, expire }: HeartbeatActions,
): Deadline {
  let seen = progress();
  let silent = 0;
  let watch = watchStall(period, progress, onSilence);

  function onSilence(): void {
    const now = progress();
    silent = now === seen ? silent + 1 : 1;
    seen = now;
    if (silent === MOST_SILENT) {
      expire();
      return;
    }
    watch = watchStall(period, progress, onSilence);
    beat();
  }

  return { clear: () => watch.clear() };
}
