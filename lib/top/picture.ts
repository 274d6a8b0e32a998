/**
 * A snapshot of the server. It does not change while a person looks at it.
 *
 * @module
 */

import type { Status } from "../admin/api.ts";
import { type SortDirection, sortRows } from "../admin/client/order.ts";
import type { StreamState } from "../admin/client/live.ts";
import { describeOpen } from "../admin/client/tunnel_facts.ts";
import { matchesFilter, parseFilter } from "../admin/filter.ts";
import type { Row } from "../admin/client/row.ts";
import type { TunnelList } from "../admin/client/tunnel_list.ts";
import type { ServerState } from "./server_state.ts";
import type { Inquiries } from "./inquiries.ts";
import type { PicturedTunnel } from "./pictured_tunnel.ts";
import { SORTS } from "./sorts.ts";
import type { FirstView } from "./view.ts";

/** What to include. */
export interface Query extends Readonly<FirstView> {
  /** Seconds that a rate covers. */
  readonly seconds: number;
  /** The tunnel to describe, if any. */
  readonly details?: Row | undefined;
}

/** Rates of all tunnels together, a second. */
export interface PicturedRates {
  /** Bytes to targets. */
  readonly up: number;
  /** Bytes to clients. */
  readonly down: number;
  /** New connections. */
  readonly opened: number;
}

/** A picture. */
export interface Picture extends InquiryAnswers {
  /** When it was taken, in milliseconds since 1970. */
  readonly at: number;
  /** The state of the connection to the server. */
  readonly stream: StreamState;
  /** The server; `undefined` before it has answered. */
  readonly status: Status | undefined;
  /** Sums of the last second. */
  readonly rates: PicturedRates;
  /** The tunnels that match, in order. */
  readonly tunnels: readonly PicturedTunnel[];
  /** Number of open tunnels, matching or not. */
  readonly open: number;
  /** Everything about the tunnel to describe; empty without one. */
  readonly details: readonly PictureFact[];
}

/** A name and a value; the value may come from the network. */
export type PictureFact = readonly [name: string, value: string];

/** The figures besides the tunnels; without an answer until requested. */
export type InquiryAnswers = Readonly<
  Pick<Inquiries, "failures" | "last" | "share" | "talkers">
>;

/** Takes a snapshot. */
export function takePicture(
  { list, opened, status, stream }: ServerState,
  { failures, last, share, talkers }: InquiryAnswers,
  query: Query,
): Picture {
  const terms = parseFilter(query.filter);
  const found: PicturedTunnel[] = [];
  for (const row of list.open.values()) {
    if (!matchesFilter(terms, row.tunnel)) continue;
    found.push(pictureOf(row, { list, seconds: query.seconds }));
  }
  const { direction, valueOf } = SORTS[query.sort];
  const wanted = (query.isReversed ? -direction : direction) as SortDirection;
  return {
    at: Date.now(),
    stream,
    status,
    rates: { up: list.up, down: list.down, opened },
    tunnels: sortRows(found, valueOf, wanted),
    open: list.open.size,
    details: query.details === undefined
      ? []
      : describeOpen(query.details, list)
        .map(([name, value]) => [name, value()] as const),
    ...{ failures, last, share, talkers },
  };
}

interface Moment {
  list: TunnelList;
  seconds: number;
}

function pictureOf(row: Row, { list, seconds }: Moment): PicturedTunnel {
  const { rates, tunnel } = row;
  let up = 0;
  let down = 0;
  // A tick is a second. The list may be younger than the requested interval.
  const ticks = Math.max(1, Math.min(seconds, list.tick));
  for (let tick = list.tick; tick > list.tick - ticks; tick--) {
    up += rates?.up(tick) ?? 0;
    down += rates?.down(tick) ?? 0;
  }
  return {
    tunnel,
    ageMs: row.ageMs,
    sent: tunnel.sent,
    received: tunnel.received,
    up: up / ticks,
    down: down / ticks,
    row,
  };
}
