/**
 * Makes messages to the operator.
 *
 * @module
 */

import type { MessageEvent } from "./log_event.ts";
import type { MessageCode } from "./message_code.ts";

/**
 * Makes a message to the operator.
 *
 * @param message What happened, in one line. Not escaped.
 */
export function messageEvent(
  level: MessageEvent["level"],
  code: MessageCode,
  message: string,
): MessageEvent {
  return { event: "message", level, code, message };
}
