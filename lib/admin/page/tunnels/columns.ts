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
  formatSize,
  NOTHING,
} from "../../client/format.ts";
import type { SortedColumn } from "../grid/sorted_grid.ts";
import { rateOf, targetOf } from "../../client/row_values.ts";
import { type SparkColors, Sparkline } from "./sparkline.ts";
import type { Row } from "../../client/row.ts";
import type { TunnelList } from "../../client/tunnel_list.ts";

type TunnelColumn<T extends Tunnel = Tunnel> = SortedColumn<Row<T>>;

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
    stateColumn(),
    ageColumn(),
    bytesColumn("sent", "Up"),
    bytesColumn("received", "Down"),
    rateColumn(list, colors),
    actionColumn(),
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
      create: (cell) => shown(cell, ({ endedAt }) => formatClock(endedAt)),
    },
    textColumn("client", "Client", ({ client }) => client),
    textColumn("user", "User", ({ user }) => user),
    targetColumn(({ endedAt }) => formatClock(endedAt)),
    textColumn("protocol", "Protocol", ({ protocol }) => protocol),
    resultColumn(),
    textColumn("first", "Closed first", ({ endedFirst }) => endedFirst),
    textColumn("reason", "Why", ({ reason }) => reason),
    {
      id: "age",
      label: "Lasted",
      firstDirection: -1,
      sortBy: ({ tunnel }) => tunnel.ageMs,
      create: (cell) => shown(cell, ({ ageMs }) => formatLasted(ageMs)),
    },
    bytesColumn("sent", "Up"),
    bytesColumn("received", "Down"),
  ];
}

function shown<T extends Tunnel>(
  cell: HTMLElement,
  textFor: (tunnel: T) => string | undefined,
): (row: Row<T>) => void {
  const show = textOf(cell);
  return ({ tunnel }) => show(textFor(tunnel) || NOTHING);
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
      const show = shown(cell, textFor);
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

function stateColumn(): TunnelColumn {
  return {
    id: "state",
    label: "State",
    sortBy: ({ tunnel }) => tunnel.state,
    create(cell) {
      const badge = make("span", { className: "badge" });
      cell.append(badge);
      const show = textOf(badge);
      return ({ tunnel, isGone }) => {
        const state = isGone ? "ended" : tunnel.state;
        show(state);
        setAttribute(badge, "data-state", state);
      };
    },
  };
}

function resultColumn(): TunnelColumn<ClosedTunnel> {
  return {
    id: "result",
    label: "Result",
    sortBy: ({ tunnel }) => tunnel.result,
    create(cell) {
      const badge = make("span", { className: "badge" });
      cell.append(badge);
      const show = textOf(badge);
      return ({ tunnel }) => {
        show(tunnel.result);
        setAttribute(badge, "data-state", tunnel.result);
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

function bytesColumn<T extends Tunnel>(
  id: "sent" | "received",
  label: string,
): TunnelColumn<T> {
  return {
    id,
    label,
    firstDirection: -1,
    sortBy: ({ tunnel }) => tunnel[id],
    create: (cell) => shown(cell, (tunnel) => formatSize(tunnel[id])),
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

function actionColumn(): TunnelColumn {
  return {
    id: "action",
    label: "Kill",
    isLabelHidden: true,
    create(cell) {
      const button = make("button", {
        className: "quiet",
        text: "Kill",
        // It is no Tab stop of its own, because the table is one, and Delete
        // does the same.
        attributes: { type: "button", tabindex: "-1" },
      });
      cell.append(button);
      return ({ tunnel, isAlive }) => {
        button.hidden = !isAlive;
        const to = targetOf(tunnel);
        setAttribute(button, "aria-label", `Kill tunnel ${tunnel.id} to ${to}`);
      };
    },
  };
}
