/**
 * Errors of calls to other nodes, as errors of the admin API.
 *
 * @module
 */

import { NodeCallError } from "../../serve/counts/fleet_nodes.ts";
import { AdminError } from "../error.ts";

/**
 * Translates an error of a call.
 *
 * @param error Any error.
 * @returns `not_found` or `busy` for a {@linkcode NodeCallError}; otherwise the
 *   error itself.
 */
export function nodeFault(error: unknown): unknown {
  if (!(error instanceof NodeCallError)) return error;
  return new AdminError(error.isUnknown ? "not_found" : "busy", error.message);
}
