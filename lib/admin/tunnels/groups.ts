/**
 * Open tunnels, grouped by a field.
 *
 * @module
 */

import type { ListedTunnel, TunnelGroup } from "../api.ts";
import type { Dimension } from "../client/dimensions.ts";
import { hostOf } from "../filter.ts";

/** Adds tunnels to their groups. */
export class TunnelGroups {
  readonly #by: Dimension;
  readonly #groups = new Map<string, TunnelGroup>();

  /** Starts without groups. */
  constructor(by: Dimension) {
    this.#by = by;
  }

  /** The groups: the fastest first, then those with the most tunnels. */
  get all(): TunnelGroup[] {
    return [...this.#groups.values()].sort((a, b) =>
      rateOf(b) - rateOf(a) || b.open - a.open || (a.key < b.key ? -1 : 1)
    );
  }

  /** Adds a tunnel. */
  add(tunnel: ListedTunnel): void {
    const value = tunnel[this.#by] ?? "";
    const key = this.#by === "client" ? hostOf(value) : value;
    const { received, receivedRate, sent, sentRate } = tunnel;
    this.merge({ key, open: 1, sent, received, sentRate, receivedRate });
  }

  /** Adds a group of another thread. */
  merge(group: TunnelGroup): void {
    const known = this.#groups.get(group.key);
    if (known === undefined) {
      this.#groups.set(group.key, { ...group });
      return;
    }
    known.open += group.open;
    known.sent += group.sent;
    known.received += group.received;
    known.sentRate += group.sentRate;
    known.receivedRate += group.receivedRate;
  }
}

function rateOf({ receivedRate, sentRate }: TunnelGroup): number {
  return receivedRate + sentRate;
}
