/**
 * Log events of wrong passwords.
 *
 * @module
 */

import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import { formatSpan } from "../../observe/format_span.ts";
import type { Attack, FailureOutcome } from "../../policy/users/bans.ts";

/**
 * Makes the log events for the consequences of a failure.
 *
 * @param outcome Its consequences.
 * @returns An attack on a name and a ban, where they begin with it.
 */
export function banEvents({ ban, attack }: FailureOutcome): LogEvent[] {
  return [
    ...attack === undefined
      ? []
      : [messageEvent("warning", "user-attacked", describe(attack))],
    ...ban === undefined ? [] : [ban],
  ];
}

function describe({ user, duration, failures, window }: Attack): string {
  const many = `${failures} failures in ${formatSpan(window)}`;
  return `User ${JSON.stringify(user)} is under attack, ${many}: for ${
    formatSpan(duration)
  } one failure bans a client`;
}
