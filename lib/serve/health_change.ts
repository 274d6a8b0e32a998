/**
 * Reports that something went down or came up again.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";

const HEALTH_CODE = {
  Upstream: { up: "upstream-up", down: "upstream-down" },
  Parent: { up: "parent-up", down: "parent-down" },
} as const;

/** Something that connections go through, such as an upstream. */
export interface Checked {
  /** Its name. */
  readonly name: string;
  /** Whether it is up. */
  readonly health: { readonly isUp: boolean };
}

/**
 * Creates the log event for a change of health.
 *
 * @param what Its kind, for example `Upstream`.
 * @param one The one that changed.
 * @param why The reason, if it is down.
 */
export function healthChange(
  what: "Upstream" | "Parent",
  { health: { isUp }, name }: Checked,
  why: string,
): LogEvent {
  const { down, up } = HEALTH_CODE[what];
  return isUp
    ? messageEvent("info", up, `${what} ${name} is up again`)
    : messageEvent("warning", down, `${what} ${name} is down: ${why}`);
}
