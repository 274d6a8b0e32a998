/**
 * Rates of tunnels between occasional questions. It measures nothing without
 * questions.
 *
 * @module
 */

import type { ListedTunnel, Tunnel } from "./api.ts";

/** Least milliseconds that a rate covers. */
const LEAST = 1_000;

/** Milliseconds after which a look is too old for a current rate. */
const MOST = 60_000;

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
   * Adds rates: since a look that is 1 to 60 seconds old where there is one,
   * and since its begin for a tunnel that is newer, or when none is.
   *
   * @param tunnels All that are to be told of, as they are now.
   * @param now Milliseconds that only go forward.
   * @returns The same, with rates.
   */
  add(tunnels: readonly Tunnel[], now: number): ListedTunnel[] {
    if (this.#last === undefined || now - this.#last.at >= LEAST) {
      this.#before = this.#last;
      this.#last = lookAt(tunnels, now);
    }
    const before = this.#before;
    const since = before !== undefined && now - before.at <= MOST
      ? before
      : undefined;
    return tunnels.map((tunnel) => rated(tunnel, since, now));
  }
}

function rated(
  tunnel: Tunnel,
  since: Look | undefined,
  now: number,
): ListedTunnel {
  const { ageMs, id, received, sent } = tunnel;
  const then = since?.carried.get(id);
  const time = then === undefined ? ageMs : now - since!.at;
  // One that is a moment old has not been that fast for a second yet.
  const seconds = Math.max(time, LEAST) / 1000;
  return {
    ...tunnel,
    sentRate: Math.round((sent - (then?.sent ?? 0)) / seconds),
    receivedRate: Math.round((received - (then?.received ?? 0)) / seconds),
  };
}

function lookAt(tunnels: readonly Tunnel[], at: number): Look {
  const carried: Look["carried"] = new Map();
  for (const { id, received, sent } of tunnels) {
    carried.set(id, { sent, received });
  }
  return { at, carried };
}
