/**
 * Rates of tunnels between occasional questions. Without questions it does no
 * work.
 *
 * @module
 */

import type { LiveConnection } from "../../serve/live_connection.ts";
import type { ListedTunnel, Tunnel } from "../api.ts";

/** Least milliseconds that a rate covers. */
const LEAST = 1_000;

/** Milliseconds after which a sample is too old for a current rate. */
const MOST = 60_000;

/** Most tunnels in a sample; the others get the average of their whole life. */
const MOST_SEEN = 20_000;

/** Bytes of all tunnels at one moment. */
interface Look {
  at: number;
  carried: Map<number, Pick<Tunnel, "sent" | "received">>;
}

/** Keeps the last two samples. */
export class TunnelRates {
  #last: Look | undefined;
  #before: Look | undefined;

  /**
   * Takes a sample of all tunnels, unless the last sample is very recent.
   *
   * @param open The tunnels.
   * @param now Milliseconds by a clock that never goes back.
   */
  look(
    open: Iterable<Pick<LiveConnection, "id" | "carried">>,
    now: number,
  ): void {
    if (this.#last !== undefined && now - this.#last.at < LEAST) return;
    this.#before = this.#last;
    this.#last = lookAt(open, now);
  }

  /**
   * Adds rates: since a sample that is 1 to 60 seconds old, or since the tunnel
   * began if it is newer or no such sample exists.
   *
   * @param tunnel A tunnel as it is now.
   * @param now The time of the sample.
   * @returns The same, with rates.
   */
  rate(tunnel: Tunnel, now: number): ListedTunnel {
    const before = this.#before;
    const since = before !== undefined && now - before.at <= MOST
      ? before
      : undefined;
    const then = since?.carried.get(tunnel.id);
    const time = then === undefined ? tunnel.ageMs : now - since!.at;
    // Counting at least a second keeps the rate of a very young tunnel
    // realistic.
    const seconds = Math.max(time, LEAST) / 1000;
    const { received, sent } = tunnel;
    return {
      ...tunnel,
      sentRate: Math.round((sent - (then?.sent ?? 0)) / seconds),
      receivedRate: Math.round((received - (then?.received ?? 0)) / seconds),
    };
  }
}

function lookAt(
  open: Iterable<Pick<LiveConnection, "id" | "carried">>,
  at: number,
): Look {
  const carried: Look["carried"] = new Map();
  for (const { id, carried: bytes } of open) {
    if (carried.size === MOST_SEEN) break;
    carried.set(id, bytes);
  }
  return { at, carried };
}
