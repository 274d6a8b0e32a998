/**
 * A connection to a target.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import type { Duplex } from "../../net/duplex.ts";
import type { Verdict } from "../../policy/rules/rules.ts";
import type { IpAddress } from "../../wire/ip_address.ts";
import type { Relay } from "./parents.ts";

/** A connection to a target. */
export interface OpenedTarget {
  /** The connection. Use it only to close. */
  readonly connection: Connection;
  /** Its streams, before the target's first byte. */
  readonly duplex: Duplex;
  /** The dialled address; `undefined` if a parent resolved the name. */
  readonly address: IpAddress | undefined;
  /** The verdict that allowed it. */
  readonly verdict: Verdict;
  /** The parent at its end; `undefined` if it leads to the target. */
  readonly relay: Relay | undefined;
}
