/**
 * The reason for a refused or failed connection, as a name from a bounded set.
 * Metrics count by it.
 *
 * @module
 */

import { DialError } from "../net/dial_error.ts";
import type { RefusalCode } from "../observe/connection_code.ts";
import type { ConnectionEvent } from "../observe/log_event.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import { HttpError } from "../wire/http1/http_error.ts";
import { Socks5Error } from "../wire/socks/v5.ts";

/** The refusal when the client's first bytes show another name. */
export const NAME_MISMATCH = "name-mismatch";

/**
 * A reason: the name of a limit; `rule`, `guard` or `default` as what decides;
 * `protocol` for what is not spoken here or is malformed; `unauthenticated`,
 * `banned`, `draining`, `loop`, `name-mismatch`, `revoked`; `dial-` and what became of it; `http-` and a status;
 * `other`. No part of it is from a client.
 */
export type RefusalReason = RefusalCode;

/**
 * Names the reason why a connection got no tunnel, or lost it.
 *
 * @param error The thrown error.
 * @param record The log record so far.
 * @returns The reason; `undefined` if nothing was refused and nothing failed.
 */
export function refusalReason(
  error: unknown,
  { result, rule }: Pick<ConnectionEvent, "result" | "rule">,
): RefusalReason | undefined {
  if (error instanceof Refusal) return ofRefusal(error, rule);
  if (result !== "refused" && result !== "failed") return undefined;
  if (error instanceof DialError) return `dial-${hyphenated(error.kind)}`;
  if (error instanceof HttpError) return `http-${error.status}`;
  return error instanceof Socks5Error ? "protocol" : "other";
}

/**
 * Names what would have denied a connection, as a name from a bounded set.
 *
 * @param record The log record.
 * @returns `rule`, `default` or `name-mismatch`; `undefined` if nothing would.
 */
export function wouldDenyReason(
  { wouldDeny }: Pick<ConnectionEvent, "wouldDeny">,
): RefusalReason | undefined {
  if (wouldDeny === undefined) return undefined;
  const { rule } = wouldDeny;
  return rule === "default" || rule === NAME_MISMATCH ? rule : "rule";
}

function ofRefusal(
  { kind, limit }: Refusal,
  rule: string | undefined,
): RefusalReason {
  if (limit !== undefined) return limit;
  if (kind !== "forbidden") return hyphenated(kind);
  if (rule === undefined) return "protocol";
  // Labels of rules come from the operator, but there may be thousands.
  return rule === "guard" || rule === "default" ? rule : "rule";
}

/**
 * A kind with hyphens. A kind without an entry in the table does not compile.
 */
type Hyphenated<T extends string> = T extends `${infer First} ${infer Rest}`
  ? `${First}-${Hyphenated<Rest>}`
  : T;

function hyphenated<T extends string>(text: T): Hyphenated<T> {
  return text.replaceAll(" ", "-") as Hyphenated<T>;
}
