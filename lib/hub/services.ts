/**
 * Resources of the hub's handlers.
 *
 * @module
 */

import type { HubDialect } from "./wire/frame.ts";
import type { Hub } from "./hub.ts";
import type { OutboxBounds } from "./outbox.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";

/** Resources of the hub's handlers, created once at the start. */
export interface HubServices extends ConnectionServices {
  /** Whether clients speak TLS. */
  isSecure: boolean;
  /** The hub of all clients. */
  hub: Hub;
  /** Dialect of TCP clients. */
  dialect: HubDialect;
  /** Dialect of WebSocket clients. */
  webDialect: HubDialect;
  /** Limits of the queue for each client. */
  outbox: OutboxBounds;
  /** Milliseconds of silence before a heartbeat; 0 disables it. */
  heartbeat: number;
  /** Messages and commands per second of one client; 0 disables the limit. */
  ratePerClient: number;
  /** Web origins that may connect, in addition to the page's own. */
  origins: ReadonlySet<string>;
}
