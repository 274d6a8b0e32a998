/**
 * A tunnel at one moment.
 *
 * @module
 */

import type { Tunnel } from "../admin/api.ts";
import type { Row } from "../admin/client/row.ts";

/** A tunnel in a picture. */
export interface PicturedTunnel {
  /** The server's description; for bytes, use the fields below. */
  readonly tunnel: Tunnel;
  /** Milliseconds since it began. */
  readonly ageMs: number;
  /** Bytes to the target. */
  readonly sent: number;
  /** Bytes to the client. */
  readonly received: number;
  /** Bytes a second to the target. */
  readonly up: number;
  /** Bytes a second to the client. */
  readonly down: number;
  /** Its row in the list, which also shows whether it has ended since. */
  readonly row: Row;
}
