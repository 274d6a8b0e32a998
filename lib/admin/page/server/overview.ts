/**
 * The status of the server: the lines at the top and bottom.
 *
 * @module
 */

import type { ListenerStatus, Status } from "../../api.ts";
import { byId, make, setText } from "../base/element.ts";
import {
  formatCount,
  formatElapsed,
  formatFrequency,
  formatOffset,
  formatRate,
  NOTHING,
} from "../../client/format.ts";
import { formatBytes } from "../../../observe/format_bytes.ts";
import type { Past } from "../charts/history.ts";
import type { TunnelList } from "../../client/tunnel_list.ts";

/** Shows the rates of new and failed connections, from the newest point. */
export function showStarts({ values: { failed, opened } }: Past): void {
  for (const [id, all] of Object.entries({ failed, opened })) {
    const newest = all.at(-1) ?? null;
    const text = newest === null ? NOTHING : formatFrequency(newest);
    setText(byId(id, HTMLElement), text);
  }
}

/** Shows the figures that change each second. */
export function showRates(list: TunnelList, status: Status): void {
  const { draining, open } = status;
  setText(byId("down", HTMLElement), formatRate(list.down));
  setText(byId("up", HTMLElement), formatRate(list.up));
  setText(byId("open", HTMLElement), formatCount(open));
  // The last event may be drawn after the connection has ended.
  if (document.documentElement.dataset["live"] !== "live") return;
  const state = draining === false ? "" : "Draining, ";
  const name = nameOf(status);
  const title = `${state}${formatCount(open)} open · ${name} · Sluice`;
  if (document.title !== title) document.title = title;
}

/**
 * Shows the figures that change less often.
 *
 * @param uptime Milliseconds since the start.
 */
export function showStatus(status: Status, uptime: number): void {
  const { memory, descriptors } = status;
  setText(byId("host", HTMLElement), nameOf(status));
  setText(byId("version", HTMLElement), status.version);
  setText(byId("uptime", HTMLElement), formatElapsed(uptime));
  setText(byId("total", HTMLElement), formatCount(status.total));
  setText(
    byId("bytes", HTMLElement),
    `${formatBytes(status.received)} down, ${formatBytes(status.sent)} up`,
  );
  setText(
    byId("memory", HTMLElement),
    `${formatBytes(memory.rss)}, heap ${formatBytes(memory.heap)}`,
  );
  setText(byId("delay", HTMLElement), formatDelay(status.eventLoopDelayMs));
  setText(byId("descriptors", HTMLElement), formatDescriptors(descriptors));
}

/** Shows the listeners, and a command to try the first of them. */
export function showListeners(listeners: readonly ListenerStatus[]): void {
  const list = byId("listeners", HTMLElement);
  list.replaceChildren(...listeners.map((listener) => {
    const { name, kind, isDraining, isPublic, open } = listener;
    const about = [
      kind,
      ...(isPublic ? ["public"] : []),
      `${formatCount(open)} open`,
      ...(isDraining ? ["removed; closes with its last connection"] : []),
    ].join(", ");
    return make("li", {}, [make("b", { text: name }), ` ${about}`]);
  }));
  const hint = byId("hint", HTMLElement);
  const command = listeners.map(commandFor).find((text) => text !== undefined);
  hint.hidden = command === undefined;
  setText(byId("hint-command", HTMLElement), command ?? "");
}

/** Shows the time zone of times. */
export function showTimeZone(): void {
  const offset = formatOffset(-new Date().getTimezoneOffset());
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  const name = timeZone === undefined || timeZone === "UTC"
    ? offset
    : `${timeZone.replaceAll("_", " ")} (${offset})`;
  setText(byId("time-zone", HTMLElement), name);
}

/** Names the node and its machine, if known. */
function nameOf({ host, node }: Status): string {
  if (node !== null && host !== null && node !== host) {
    return `${node} on ${host}`;
  }
  return node ?? host ?? location.hostname;
}

function commandFor({ name, kind }: ListenerStatus): string | undefined {
  const [, host, port] = /^(.*):(\d+)$/.exec(name) ?? [];
  if (port === undefined || name.startsWith("unix:")) return undefined;
  const isAny = host === "0.0.0.0" || host === "[::]";
  const at = `${isAny ? "127.0.0.1" : host}:${port}`;
  if (kind === "proxy") return `curl -x socks5h://${at} https://example.com/`;
  return `nc ${at.replace(/:(\d+)$/, " $1").replace(/[[\]]/g, "")}`;
}

function formatDelay(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 9.95 ? 1 : 0)} ms`;
}

function formatDescriptors({ open, limit }: Status["descriptors"]): string {
  const known = [open, limit].map((count) =>
    count === null ? "?" : formatCount(count)
  );
  return known.join(" of ");
}
