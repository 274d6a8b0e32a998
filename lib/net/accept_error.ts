/**
 * Why a connection could not be accepted.
 *
 * @module
 */

import { errorCode } from "../observe/error_code.ts";

/**
 * Failures that accept(2) tells to pass over: they are of one connection, such
 * as one that was reset before it could be accepted. Pausing for them would let
 * anyone stop the accepting for all others.
 */
const OF_ONE_CLIENT = new Set([
  "ECONNABORTED",
  "ECONNRESET",
  "EHOSTDOWN",
  "EHOSTUNREACH",
  "EINVAL",
  "ENETDOWN",
  "ENETUNREACH",
  "ENONET",
  "ENOPROTOOPT",
  "ENOTCONN",
  "EOPNOTSUPP",
  "EPROTO",
]);

/**
 * Tells whether a failure to accept is of one connection alone, so that the
 * next one can be accepted at once.
 *
 * @param error What `accept()` threw.
 * @returns Whether it is; `false` where the listener or the machine is at fault.
 */
export function isOfOneClient(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.NotConnected ||
    OF_ONE_CLIENT.has(errorCode(error) ?? "");
}
