/**
 * Stops the program after a signal, and lets connections finish first.
 *
 * @module
 */

import { messageEvent } from "../observe/message_event.ts";
import type { StopSignals } from "../cli/stop_signals.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { formatDuration } from "../observe/log_text.ts";
import { Context } from "../sync/context.ts";
import { elapsed } from "../sync/elapsed.ts";
import type { Stoppable } from "../serve/running_server.ts";

/** Options for {@linkcode runUntilSignal}. */
export interface DrainOptions {
  /**
   * Milliseconds between the signal and the end of accepting, so that load
   * balancers can notice (default 0).
   */
  drainDelay?: number;
  /** Milliseconds that open connections then have to finish. */
  drainTimeout: number;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /**
   * Called when the drain begins, and when its time is shortened.
   *
   * @param deadline Milliseconds until the rest is cut.
   */
  onDrain?: (deadline: number) => void;
}

/**
 * Waits for a signal, then drains; a second signal ends the drain.
 *
 * @param running The servers.
 * @param signals The source of signals.
 * @param options Length of the drain, and callbacks.
 * @returns Exit code: 0, or 1 if connections were cut or lost.
 */
export async function runUntilSignal(
  running: Stoppable,
  signals: StopSignals,
  { drainDelay = 0, drainTimeout, log, onDrain = () => {} }: DrainOptions,
): Promise<number> {
  const say = (...message: Parameters<typeof messageEvent>) =>
    log(messageEvent(...message));
  const signal = await signals.next();
  const second = signals.next();
  onDrain(drainDelay + drainTimeout);
  if (drainDelay > 0) {
    const time = formatDuration(drainDelay);
    say("info", "leaving", `${signal}: accepting connections for ${time} more`);
    const delay = new Context();
    void second.then((name) => delay.cancel(new Error(name)));
    await elapsed(drainDelay, delay);
  }
  await running.refresh?.();
  const open = running.connections;
  say("info", "stopping", `${signal}: ${describeDrain(open, drainTimeout)}`);
  const drained = running.shutdown(drainTimeout);
  const early = await Promise.race([drained, second]);
  if (typeof early !== "number") onDrain(0);
  const cut = typeof early === "number" ? early : await running.shutdown(0);
  const why = typeof early === "number"
    ? `after ${formatDuration(drainTimeout)}`
    : `by ${early}`;
  const { lost = 0 } = running;
  const harm = [
    ...cut > 0 ? [`${countOf(cut, "connection")} cut ${why}`] : [],
    ...lost > 0 ? [`${countOf(lost, "connection")} lost with a worker`] : [],
  ];
  if (harm.length === 0) {
    say("info", "stopped", "Stopped; no connection was cut");
    return 0;
  }
  say("warning", "stopped-cut", `Stopped; ${harm.join(", ")}`);
  return 1;
}

function describeDrain(open: number, drainTimeout: number): string {
  if (open === 0) return "stopping";
  if (drainTimeout === 0) {
    return `stopping, ${countOf(open, "connection")} open`;
  }
  const time = formatDuration(drainTimeout);
  return `accepting no more; ${
    countOf(open, "connection")
  } may finish within ${time}; a second signal ends them`;
}
