/**
 * Noticing that a peer has fallen silent, and asking before giving it up.
 *
 * @module
 */

import type { Deadline } from "./deadline.ts";
import { watchStall } from "./stall.ts";

/** Silent periods after which a peer is given up. */
const MOST_SILENT = 3;

/** What a heartbeat does. */
export interface HeartbeatActions {
  /** Called after each period of silence but the last. It must not throw. */
  beat: () => void;
  /** Called once after the third period of silence in a row. Likewise. */
  expire: () => void;
}

/**
 * Watches a counter that stands still while the peer is silent.
 *
 * @param period Milliseconds of silence until the first beat, and from beat to
 *   beat; 0 is never.
 * @param progress Returns the counter, for example the bytes received.
 * @param actions What to do.
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
