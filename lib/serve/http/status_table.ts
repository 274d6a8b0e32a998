/**
 * Chooses the HTTP status for a failure.
 *
 * @module
 */

import { DialError, type DialErrorKind } from "../../net/dial_error.ts";
import { Refusal, type RefusalKind } from "../../policy/limits/refusal.ts";
import { HttpError } from "../../wire/http1/http_error.ts";

/** Status by kind of failure (RFC 9110 §15; the manual explains them). */
const STATUS_BY_KIND: Readonly<Record<DialErrorKind | RefusalKind, number>> = {
  "refused": 502,
  "network unreachable": 502,
  "host unreachable": 502,
  "name not found": 502,
  "timeout": 504,
  "resolver failed": 503,
  "no descriptors": 503,
  "parent failed": 502,
  "parent timeout": 504,
  "no udp": 502,
  "failed": 502,
  "forbidden": 403,
  "unauthenticated": 407,
  "banned": 429,
  "limit reached": 503,
  "draining": 503,
  "loop": 403,
  "name mismatch": 403,
  "revoked": 403,
};

/**
 * Chooses the status for a failure.
 *
 * @param error The error on the way to the answer.
 * @returns Status code; 500 for unexpected errors.
 */
export function statusFor(error: unknown): number {
  if (error instanceof HttpError) return error.status;
  if (error instanceof DialError || error instanceof Refusal) {
    return STATUS_BY_KIND[error.kind];
  }
  return 500;
}
