/**
 * Rates of tunnels between occasional questions. It measures nothing without
 * questions.
 *
 * @module
 */

import type { LiveConnection } from "../../serve/live_connection.ts";
import type { ListedTunnel, Tunnel } from "../api.ts";

/** Least milliseconds that a rate covers. */
const LEAST = 1_000;

/** Milliseconds after which a look is too old for a current rate. */
const MOST = 60_000;

/** Most tunnels of a look; others have the rate of their whole life. */
const MOST_SEEN = 20_000;

/** Bytes of all tunnels at one moment. */
interface Look {
  at: number;
  carried: Map<number, Pick<Tunnel, "sent" | "received">>;
}

/** Remembers the last looks. */
export class TunnelRates {
  #last: Look | undefined;
  #before: Look | undefined;

  /**
   * Looks at all tunnels, unless the last look was a moment ago.
   *
   * @param open The tunnels.
   * @param now Milliseconds that only go forward.
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
   * Adds rates: since a look that is 1 to 60 seconds old if there is one, and
   * since its begin for a tunnel that is newer, or if none is.
   *
   * @param tunnel A tunnel as it is now.
   * @param now The time of the look.
   * @returns The same, with rates.
   */
  rate(tunnel: Tunnel, now: number): ListedTunnel {
    const before = this.#before;
    const since = before !== undefined && now - before.at <= MOST
      ? before
      : undefined;
    const then = since?.carried.get(tunnel.id);
    const time = then === undefined ? tunnel.ageMs : now - since!.at;
    // One that is a moment old has not been that fast for a second yet.
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
