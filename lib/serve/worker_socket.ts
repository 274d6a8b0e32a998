/**
 * Checks which sockets several threads can share.
 *
 * @module
 */

import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { UsageError } from "../cli/usage_error.ts";

/**
 * Refuses sockets that threads cannot share.
 *
 * @param where The configured address.
 * @throws {UsageError} If it is a Unix socket: only one socket can have a path.
 */
export function requireShareable(where: Endpoint): void {
  if (!isUnixPath(where)) return;
  throw new UsageError(
    `Cannot listen on ${
      formatEndpoint(where)
    }: only one of several workers can have a Unix socket`,
  );
}
