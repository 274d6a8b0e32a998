/**
 * Maps the cause of a connection's end to its code in the log.
 *
 * @module
 */

import type { End } from "../net/tunnel.ts";
import { TlsError } from "../net/tls/tls_error.ts";
import type { ConnectionCode } from "../observe/connection_code.ts";
import { CutError } from "../observe/cut_error.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";
import { TimeLimitError, type TimeLimitName } from "../sync/time_limit.ts";
import { TlsAlertError } from "../wire/tls/alert.ts";
import { refusalReason } from "./refusal_reason.ts";

const TIME_LIMIT_CODE: Partial<Record<TimeLimitName, ConnectionCode>> = {
  "Connect time": "dial-timeout",
  "Drain time": "drain-timeout",
  "Half-close time": "half-close-timeout",
  "Handshake time": "handshake-timeout",
  "Idle time": "idle-timeout",
};

const RESETS = [
  Deno.errors.ConnectionReset,
  Deno.errors.ConnectionAborted,
  Deno.errors.BrokenPipe,
  Deno.errors.NotConnected,
];

/**
 * Returns the code for the end of a connection.
 *
 * @param error The error, or the reason of the cancellation.
 * @param record The log record, with the result and the deciding rule if any.
 * @param side The side whose connection failed (default: the client's).
 * @returns The code; `other` if no specific one exists.
 */
export function codeOfEnd(
  error: unknown,
  record: Pick<ConnectionEvent, "result" | "rule">,
  side: End = "client",
): ConnectionCode {
  if (error instanceof CutError) return error.reasonCode;
  const { cause } = error as { cause?: unknown };
  if (cause instanceof TlsError || cause instanceof TlsAlertError) {
    if (record.result === "refused") return "tls-refused";
  }
  const refusal = refusalReason(error, record);
  if (refusal !== undefined && refusal !== "other") return refusal;
  if (error instanceof TimeLimitError) {
    return TIME_LIMIT_CODE[error.limit] ?? "timeout";
  }
  return error instanceof TlsError ? "tls-left" : socketCode(error, side);
}

function socketCode(error: unknown, side: End): ConnectionCode {
  if (error instanceof Deno.errors.UnexpectedEof) return "client-left";
  if (error instanceof Deno.errors.TimedOut) return `${side}-lost`;
  const isReset = RESETS.some((constructor) => error instanceof constructor);
  return isReset ? `${side}-reset` : "other";
}
