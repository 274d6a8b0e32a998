/**
 * The default time limits.
 *
 * @module
 */

import type { Timeouts } from "../connection_services.ts";

/** The time limits of DESIGN's table, in milliseconds. */
export const TIMEOUTS: Readonly<Timeouts> = {
  handshake: 10_000,
  connect: 10_000,
  idle: 600_000,
  halfClose: 30_000,
};
