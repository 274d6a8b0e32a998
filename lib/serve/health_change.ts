/**
 * Telling that something is down, or up again.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";

const HEALTH_CODE = {
  Upstream: { up: "upstream-up", down: "upstream-down" },
  Parent: { up: "parent-up", down: "parent-down" },
} as const;

/** Something that connections go through. */
export interface Checked {
  /** Its name. */
  readonly name: string;
  /** Whether it is up. */
  readonly health: { readonly isUp: boolean };
}

/**
 * Tells that the health of something has changed.
 *
 * @param what What kind of thing it is, for example `Upstream`.
 * @param one Which of them.
 * @param why Why it is down, where it is.
 * @returns What to log.
 */
export function healthChange(
  what: "Upstream" | "Parent",
  { health: { isUp }, name }: Checked,
  why: string,
): LogEvent {
  return {
    event: "message",
    level: isUp ? "info" : "warning",
    code: HEALTH_CODE[what][isUp ? "up" : "down"],
    message: `${what} ${name} is ${isUp ? "up again" : `down: ${why}`}`,
  };
}
