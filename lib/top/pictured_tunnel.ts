/**
 * A tunnel at one moment.
 *
 * @module
 */

import type { Tunnel } from "../admin/api.ts";
import type { Row } from "../admin/client/row.ts";

/** A tunnel in a picture. */
export interface PicturedTunnel {
  /** What was told of it. Its bytes are those below. */
  readonly tunnel: Tunnel;
  /** Milliseconds since its begin. */
  readonly ageMs: number;
  /** Bytes to the target. */
  readonly sent: number;
  /** Bytes to the client. */
  readonly received: number;
  /** Bytes a second to the target. */
  readonly up: number;
  /** Bytes a second to the client. */
  readonly down: number;
  /** Where it is in the list; it also tells whether it has ended since. */
  readonly row: Row;
}
