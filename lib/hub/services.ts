/**
 * What the hub's handlers work with.
 *
 * @module
 */

import type { HubDialect } from "./wire/frame.ts";
import type { Hub } from "./hub.ts";
import type { OutboxBounds } from "./outbox.ts";
import type { ConnectionServices } from "../serve/connection_services.ts";

/** What the hub's handlers work with, made once when it starts. */
export interface HubServices extends ConnectionServices {
  /** Whether clients speak TLS. */
  isSecure: boolean;
  /** The hub that all clients are of. */
  hub: Hub;
  /** How TCP clients are spoken with. */
  dialect: HubDialect;
  /** How WebSocket clients are spoken with. */
  webDialect: HubDialect;
  /** Bounds of what waits for each client. */
  outbox: OutboxBounds;
  /** Milliseconds of silence until a client is asked for a sign; 0 is never. */
  heartbeat: number;
  /** Messages and commands of one client a second; 0 is no limit. */
  ratePerClient: number;
  /** Web origins that may connect besides the page's own. */
  origins: ReadonlySet<string>;
}
