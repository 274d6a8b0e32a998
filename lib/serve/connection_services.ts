/**
 * What a connection needs from the program.
 *
 * @module
 */

import type { ResetRelay } from "../net/reset_relay.ts";
import type { Trail } from "../net/own_listeners.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { ConnectionLimits } from "../policy/limits/connection_limits.ts";
import type { ListenerWatch } from "./listener_watch.ts";
import type { OpenSessions } from "./target/open_sessions.ts";
import type { UsageLimits } from "./session_usage.ts";

/** Time limits in milliseconds; 0 is for ever, but for `halfClose`: at once. */
export interface Timeouts {
  /** For the whole handshake. */
  handshake: number;
  /** For connecting to the target, over all of its addresses. */
  connect: number;
  /** For an open tunnel without a byte. */
  idle: number;
  /** For the direction that is left, without a byte. */
  halfClose: number;
}

/**
 * What any connection needs from the program: one object, which all connections
 * of a listener share. Each product adds what its own handlers need.
 */
export interface ConnectionServices {
  /** Counts connections. */
  limits: ConnectionLimits;
  /** Connections at once from one client; 0 is no limit but that in all. */
  connectionsPerClient: number;
  /** Limits that are off unless asked for; `undefined` is not one of them. */
  usage?: UsageLimits | undefined;
  /** Time limits. */
  timeouts: Timeouts;
  /** What of a tunnel reaches its other end as a reset (default `off`). */
  resetRelay?: ResetRelay;
  /** Connections that can be judged again; `undefined` judges none. */
  sessions?: OpenSessions | undefined;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
  /** Watches the connections of the listener; `undefined` is nobody. */
  watch?: ListenerWatch | undefined;
  /**
   * The trail of an ordinary client's connection: the listener alone. `undefined`
   * where connections lead nowhere from.
   */
  trail?: Trail | undefined;
}
