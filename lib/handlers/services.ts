/**
 * What every handler works with, made once when the program starts.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import type { ConnectionLimits } from "../policy/connection_limits.ts";
import type { Users } from "../policy/users.ts";
import type { IpAddress } from "../wire/ip_address.ts";

/** Time limits in milliseconds; 0 is for ever, but for `halfClose`: at once. */
export interface Timeouts {
  /** For the whole handshake, and again for a refused client to leave. */
  handshake: number;
  /** For connecting to the target, over all of its addresses. */
  connect: number;
  /** For an open tunnel without a byte. */
  idle: number;
  /** For the direction that is left, without a byte. */
  halfClose: number;
}

/** What every handler works with. */
export interface Services {
  /** Who may use the proxy; `undefined` is everyone. */
  users: Users | undefined;
  /** Why an address must not be dialled; `undefined` where it may. */
  refuseAddress: (ip: IpAddress) => string | undefined;
  /** Counts connections. */
  limits: ConnectionLimits;
  /** Connections at once from one client; 0 is no limit but that in all. */
  connectionsPerClient: number;
  /** Time limits. */
  timeouts: Timeouts;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
}
