/**
 * Chooses the SOCKS5 reply for a failure.
 *
 * @module
 */

import { DialError, type DialErrorKind } from "../net/dial_error.ts";
import { Refusal, type RefusalKind } from "../policy/limits/refusal.ts";
import { REPLY, type Reply, Socks5Error } from "../wire/socks/v5.ts";

/** `REP` by kind of failure (RFC 1928 §6; the manual explains them). */
const REPLY_BY_KIND: Readonly<Record<DialErrorKind | RefusalKind, Reply>> = {
  "refused": REPLY.ConnectionRefused,
  "network unreachable": REPLY.NetworkUnreachable,
  "host unreachable": REPLY.HostUnreachable,
  "name not found": REPLY.HostUnreachable,
  "timeout": REPLY.TtlExpired,
  "resolver failed": REPLY.GeneralFailure,
  "no descriptors": REPLY.GeneralFailure,
  "parent failed": REPLY.GeneralFailure,
  "parent timeout": REPLY.TtlExpired,
  "no udp": REPLY.CommandNotSupported,
  "failed": REPLY.GeneralFailure,
  "forbidden": REPLY.NotAllowedByRuleset,
  "unauthenticated": REPLY.NotAllowedByRuleset,
  "banned": REPLY.NotAllowedByRuleset,
  "limit reached": REPLY.GeneralFailure,
  "draining": REPLY.GeneralFailure,
  "loop": REPLY.NotAllowedByRuleset,
  "name mismatch": REPLY.NotAllowedByRuleset,
  "revoked": REPLY.NotAllowedByRuleset,
};

/**
 * Chooses the reply code for a failure.
 *
 * @param error The error on the way to the target.
 * @returns Value for `REP`; a general failure for unexpected errors.
 */
export function replyFor(error: unknown): Reply {
  if (error instanceof Socks5Error) return error.reply;
  if (error instanceof DialError || error instanceof Refusal) {
    return REPLY_BY_KIND[error.kind];
  }
  return REPLY.GeneralFailure;
}
