/**
 * The columns of the two tables.
 *
 * @module
 */

import type { ClosedTunnel, Tunnel } from "../../api.ts";
import { make, setAttribute, textOf } from "../base/element.ts";
import {
  formatClock,
  formatElapsed,
  formatLasted,
  formatRate,
  NOTHING,
} from "../../client/format.ts";
import { formatBytes } from "../../../observe/format_bytes.ts";
import { figureColumn, killColumn, shown } from "../grid/column_kinds.ts";
import type { GridColumn } from "../grid/drawn_row.ts";
import { rateOf, targetOf } from "../../client/row_values.ts";
import { type SparkColors, Sparkline } from "./sparkline.ts";
import type { Row } from "../../client/row.ts";
import type { TunnelList } from "../../client/tunnel_list.ts";

type TunnelColumn<T extends Tunnel = Tunnel> = GridColumn<Row<T>>;

/**
 * Columns of open tunnels.
 *
 * @param colors Returns the current colours of the drawings.
 */
export function openColumns(
  list: TunnelList,
  colors: () => SparkColors,
): TunnelColumn[] {
  return [
    textColumn("client", "Client", ({ client }) => client),
    textColumn("user", "User", ({ user }) => user),
    targetColumn(),
    textColumn("protocol", "Protocol", ({ protocol }) => protocol),
    textColumn("rule", "Rule", ({ rule }) => rule),
    badgeColumn("state", "State", ({ state }) => state),
    ageColumn(),
    ...bytesColumns(),
    rateColumn(list, colors),
    killColumn(
      "Kill",
      ({ isAlive, tunnel }) =>
        isAlive ? `Kill tunnel ${tunnel.id} to ${targetOf(tunnel)}` : undefined,
    ),
  ];
}

/** Columns of ended tunnels. */
export function closedColumns(): TunnelColumn<ClosedTunnel>[] {
  return [
    {
      id: "ended",
      label: "Ended",
      firstDirection: -1,
      sortBy: ({ key }) => key,
      create: (cell) =>
        shown(cell, ({ tunnel }) => formatClock(tunnel.endedAt)),
    },
    textColumn("client", "Client", ({ client }) => client),
    textColumn("user", "User", ({ user }) => user),
    targetColumn(({ endedAt }) => formatClock(endedAt)),
    textColumn("protocol", "Protocol", ({ protocol }) => protocol),
    badgeColumn("result", "Result", ({ result }) => result),
    textColumn("first", "Closed first", ({ endedFirst }) => endedFirst),
    textColumn("reason", "Why", ({ reason }) => reason),
    figureColumn("age", "Lasted", ({ tunnel }) => tunnel.ageMs, formatLasted),
    ...bytesColumns(),
  ];
}

function bytesColumns<T extends Tunnel>(): TunnelColumn<T>[] {
  return [
    figureColumn("sent", "Up", ({ tunnel }) => tunnel.sent, formatBytes),
    figureColumn(
      "received",
      "Down",
      ({ tunnel }) => tunnel.received,
      formatBytes,
    ),
  ];
}

function textColumn<T extends Tunnel>(
  id: string,
  label: string,
  textFor: (tunnel: T) => string | undefined,
): TunnelColumn<T> {
  return {
    id,
    label,
    sortBy: (row) => row.sortKey(id, textFor(row.tunnel)),
    create(cell) {
      const show = shown<Row<T>>(cell, ({ tunnel }) => textFor(tunnel));
      return (row) => {
        show(row);
        // Text that does not fit is shown in full under the pointer.
        setAttribute(cell, "title", textFor(row.tunnel) ?? "");
      };
    },
  };
}

/**
 * In a narrow window the user and the client are below their target.
 *
 * @param timeOf Returns the time before them (default none).
 */
function targetColumn<T extends Tunnel>(
  timeOf?: (tunnel: T) => string,
): TunnelColumn<T> {
  return {
    id: "target",
    label: "Target",
    sortBy: (row) => row.sortKey("target", row.tunnel.target),
    create(cell) {
      const target = make("span", { className: "target" });
      // A name that is written from right to left turns nothing beside it.
      const [time, user] = [make("span"), make("bdi")];
      const client = make("span");
      cell.append(
        target,
        make("span", { className: "below" }, [time, user, client]),
      );
      const [showTarget, showTime] = [textOf(target), textOf(time)];
      const [showUser, showClient] = [textOf(user), textOf(client)];
      return ({ tunnel }) => {
        showTarget(targetOf(tunnel));
        if (timeOf !== undefined) showTime(`${timeOf(tunnel)} · `);
        const { user = "", client } = tunnel;
        showUser(user);
        showClient(user === "" ? client : ` · ${client}`);
        const { target = "", address } = tunnel;
        const title = address === undefined ? target : `${target} [${address}]`;
        setAttribute(cell, "title", title);
      };
    },
  };
}

function badgeColumn<T extends Tunnel>(
  id: string,
  label: string,
  textFor: (tunnel: T) => string,
): TunnelColumn<T> {
  return {
    id,
    label,
    sortBy: ({ tunnel }) => textFor(tunnel),
    create(cell) {
      const badge = make("span", { className: "badge" });
      cell.append(badge);
      const show = textOf(badge);
      return ({ isGone, tunnel }) => {
        const text = isGone ? "ended" : textFor(tunnel);
        show(text);
        setAttribute(badge, "data-state", text);
      };
    },
  };
}

function ageColumn(): TunnelColumn {
  return {
    id: "age",
    label: "Age",
    // The newest tunnels come first, because they are usually of most interest.
    sortBy: ({ startedAt }) => -startedAt,
    create(cell) {
      const show = textOf(cell);
      return (row) => {
        if (!row.isGone) show(formatElapsed(row.ageMs));
      };
    },
  };
}

function rateColumn(
  list: TunnelList,
  colors: () => SparkColors,
): TunnelColumn {
  return {
    id: "rate",
    label: "Rate, last minute",
    firstDirection: -1,
    sortBy: (row) => rateOf(row, list.tick),
    create(cell) {
      const spark = new Sparkline();
      const [rates, show] = rateLines();
      cell.append(
        make("span", { className: "rate-box" }, [spark.canvas, rates]),
      );
      return (row) => {
        const { rates, isGone } = row;
        const { tick } = list;
        show(isGone ? 0 : rates?.down(tick), isGone ? 0 : rates?.up(tick));
        spark.draw(rates, tick, colors());
      };
    },
  };
}

/**
 * Two short lines: bytes a second down and up, each only if there is traffic.
 */
export function rateLines(): [
  element: HTMLElement,
  show: (down?: number, up?: number) => void,
] {
  const none = make("span", { className: "rate-line", text: NOTHING });
  const lines = [["↓", "Down"], ["↑", "Up"]].map(([arrow = "", name]) => {
    const value = make("span");
    const element = make("span", { className: "rate-line" }, [
      make("span", { text: arrow, attributes: { "aria-hidden": "true" } }),
      make("span", { className: "hidden", text: `${name} ` }),
      value,
    ]);
    return { element, show: textOf(value) };
  });
  const elements = lines.map(({ element }) => element);
  const all = make("span", { className: "rates" }, [none, ...elements]);
  return [all, (...rates) => {
    const isStill = (n: number) => (rates[n] ?? 0) < 1;
    none.classList.toggle("still", !isStill(0) || !isStill(1));
    for (const [n, { element, show }] of lines.entries()) {
      element.classList.toggle("still", isStill(n));
      if (!isStill(n)) show(formatRate(rates[n]!));
    }
  }];
}
