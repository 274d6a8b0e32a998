/**
 * The changes of one thread's connections between two questions. It does no
 * work without questions.
 *
 * @module
 */

import type { LiveConnection } from "../../serve/live_connection.ts";
import type { Registry } from "../../serve/registry.ts";
import type { TickEvent, Tunnel, TunnelChange } from "../api.ts";
import type { EndedTunnels } from "./ended.ts";
import { tunnelOf } from "./rows.ts";

/** Most ended connections in one answer. */
export const MOST_CLOSED = 500;

/** Changes since the last question. */
export type ConnectionChanges = Pick<
  TickEvent,
  "opened" | "closed" | "changed" | "gone"
>;

/** The last reported state of an open connection. */
interface Told {
  sent: number;
  received: number;
  state: Tunnel["state"];
  /** Fields that become known one after the other. */
  known: readonly (string | undefined)[];
}

/** Remembers what it reported. */
export class TunnelChanges {
  readonly #registry: Registry;
  readonly #ended: Pick<EndedTunnels, "count" | "since">;
  readonly #told = new Map<number, Told>();
  #closed: number | undefined;

  /**
   * Starts with nothing reported.
   *
   * @param registry Connections.
   * @param ended Ended connections.
   */
  constructor(
    registry: Registry,
    ended: Pick<EndedTunnels, "count" | "since">,
  ) {
    this.#registry = registry;
    this.#ended = ended;
  }

  /**
   * Finds the changes.
   *
   * @returns The changes; at first all open connections and no ended ones.
   */
  take(): ConnectionChanges {
    const { count } = this.#ended;
    const since = this.#closed ?? count;
    this.#closed = count;
    return {
      ...this.#openChanges(),
      closed: this.#ended.since(since, MOST_CLOSED),
      gone: this.#gone(),
    };
  }

  /** Forgets what it reported. */
  rest(): void {
    this.#told.clear();
    this.#closed = undefined;
  }

  #openChanges(): Pick<ConnectionChanges, "opened" | "changed"> {
    const now = Date.now();
    const opened: Tunnel[] = [];
    const changed: TunnelChange[] = [];
    for (const [listener, live] of this.#registry.open) {
      const before = this.#told.get(live.id);
      const told = toldOf(live);
      const { sent, received, state } = told;
      if (before === undefined || !isSameKnown(before, told)) {
        opened.push(tunnelOf(listener, live, now));
      } else if (
        before.sent !== sent || before.received !== received ||
        before.state !== state
      ) changed.push([live.id, sent, received, state]);
      else continue;
      this.#told.set(live.id, told);
    }
    return { opened, changed };
  }

  #gone(): number[] {
    const gone: number[] = [];
    // All open connections have been reported.
    if (this.#told.size === this.#registry.size) return gone;
    const open = new Set(this.#registry.open.map(([, { id }]) => id));
    for (const id of this.#told.keys()) {
      if (open.has(id)) continue;
      gone.push(id);
      this.#told.delete(id);
    }
    return gone;
  }
}

function toldOf(live: LiveConnection): Told {
  const { address, client, name, protocol, rule, target, user, via } =
    live.session.record;
  const { sent, received } = live.carried;
  const known = [address, client, protocol, rule, target, user, via, name];
  return { sent, received, state: live.state, known };
}

function isSameKnown({ known }: Told, other: Told): boolean {
  return known.every((value, index) => value === other.known[index]);
}
