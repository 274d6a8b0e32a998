/**
 * Why a connection could not be accepted.
 *
 * @module
 */

import { errorCode } from "../observe/error_code.ts";

/**
 * Errors that accept(2) tells servers to skip: they concern one connection,
 * such as one that was reset before it could be accepted. Pausing after them
 * would let any client stop the listener for all others.
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
 * Tells whether a failure to accept concerns one connection alone, so that the
 * next one can be accepted immediately.
 *
 * @param error What `accept()` threw.
 * @returns `false` if the listener or the machine is at fault.
 */
export function isOfOneClient(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.NotConnected ||
    OF_ONE_CLIENT.has(errorCode(error) ?? "");
}
