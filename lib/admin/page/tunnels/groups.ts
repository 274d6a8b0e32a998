/**
 * Open tunnels, grouped by a field.
 *
 * @module
 */

import type { Tunnel } from "../../api.ts";
import { hostOf } from "../../filter.ts";
import type { Dimension } from "../../client/dimensions.ts";
import { naturalKey } from "../../client/order.ts";
import type { Row } from "../../client/row.ts";

/** A group. */
export class Group {
  /** Its key, unique in the list. */
  readonly key: number;
  /** The common value of its tunnels; empty if they have none. */
  readonly name: string;
  /** Sort key of its name. */
  readonly sortKey: string;
  /** Whether all of its tunnels have ended. */
  isGone = false;
  /** Number of tunnels. */
  count = 0;
  /** Bytes to the targets. */
  sent = 0;
  /** Bytes to the clients. */
  received = 0;
  /** Bytes a second to the targets. */
  up = 0;
  /** Bytes a second to the clients. */
  down = 0;

  /** Creates an empty group. */
  constructor(key: number, name: string) {
    this.key = key;
    this.name = name;
    this.sortKey = naturalKey(name);
  }

  /** Adds a tunnel. */
  add({ rates, tunnel }: Row, tick: number): void {
    this.count++;
    this.sent += tunnel.sent;
    this.received += tunnel.received;
    this.up += rates?.up(tick) ?? 0;
    this.down += rates?.down(tick) ?? 0;
  }

  /** Removes all tunnels. */
  empty(): void {
    this.count =
      this.sent =
      this.received =
      this.up =
      this.down =
        0;
  }
}

/** Groups tunnels. A group keeps its key for as long as it has tunnels. */
export class Grouping {
  /** The field that it groups by. */
  readonly field: Dimension;
  #groups = new Map<string, Group>();
  #keys = 0;

  /** Starts without tunnels. */
  constructor(field: Dimension) {
    this.field = field;
  }

  /**
   * Groups these tunnels.
   *
   * @param tick The tick whose rates count.
   */
  group(rows: Iterable<Row>, tick: number): Group[] {
    for (const group of this.#groups.values()) group.empty();
    for (const row of rows) {
      const name = nameIn(row.tunnel, this.field);
      let group = this.#groups.get(name);
      if (group === undefined) {
        group = new Group(++this.#keys, name);
        this.#groups.set(name, group);
      }
      group.add(row, tick);
    }
    for (const [name, group] of this.#groups) {
      group.isGone = group.count === 0;
      if (group.isGone) this.#groups.delete(name);
    }
    return [...this.#groups.values()];
  }
}

function nameIn(tunnel: Tunnel, field: Dimension): string {
  if (field === "client") return hostOf(tunnel.client);
  return tunnel[field] ?? "";
}
