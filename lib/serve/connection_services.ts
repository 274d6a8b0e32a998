/**
 * Services that a connection needs from the program.
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

/**
 * Time limits in milliseconds. 0 disables a limit, but a `halfClose` of 0 ends
 * the tunnel immediately.
 */
export interface Timeouts {
  /** For the whole handshake. */
  handshake: number;
  /** For connecting to the target, all of its addresses together. */
  connect: number;
  /** For an open tunnel without traffic. */
  idle: number;
  /** For one direction without traffic after the other has ended. */
  halfClose: number;
}

/**
 * Services that every connection needs: one object, shared by all connections
 * of a listener. Each product adds the services of its own handlers.
 */
export interface ConnectionServices {
  /** Counts connections. */
  limits: ConnectionLimits;
  /**
   * Most simultaneous connections of one client; 0 leaves only the total limit.
   */
  connectionsPerClient: number;
  /** Optional limits; `undefined` if none is set. */
  usage?: UsageLimits | undefined;
  /** Time limits. */
  timeouts: Timeouts;
  /**
   * Which resets Sluice passes to the other end of a tunnel (default `off`).
   */
  resetRelay?: ResetRelay;
  /** Connections to judge again after a change; `undefined` judges none. */
  sessions?: OpenSessions | undefined;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Watches the listener's connections; `undefined` if nothing watches. */
  watch?: ListenerWatch | undefined;
  /**
   * The path of an ordinary client's connection, which is the listener alone.
   * `undefined` if connections lead to no other listener.
   */
  trail?: Trail | undefined;
}
