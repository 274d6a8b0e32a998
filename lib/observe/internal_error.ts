/**
 * The message of a fault in Sluice itself.
 *
 * @module
 */

import { describeError } from "./describe_error.ts";
import type { MessageEvent } from "./log_event.ts";
import { messageEvent } from "./message_event.ts";

/**
 * Makes the message of a fault in Sluice itself.
 *
 * @param error Any error.
 */
export function internalError(error: unknown): MessageEvent {
  const message = `Internal error: ${describeError(error)}`;
  return messageEvent("error", "internal-error", message);
}
