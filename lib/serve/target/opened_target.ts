/**
 * A connection to a target, whatever it was opened for.
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
  /** The connection itself; closing it is all that is to be done with it. */
  readonly connection: Connection;
  /** Its streams, at the target's first byte. */
  readonly duplex: Duplex;
  /** What was dialled; `undefined` where a parent has resolved the name. */
  readonly address: IpAddress | undefined;
  /** Which rule allowed it, and what it says. */
  readonly verdict: Verdict;
  /** The parent that it ends at; `undefined` if it leads to the target. */
  readonly relay: Relay | undefined;
}
