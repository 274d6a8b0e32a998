/**
 * Formats log lines for people: aligned, and coloured on a terminal.
 *
 * @module
 */

import { countOf } from "./count_of.ts";
import { escape } from "./escape.ts";
import { formatBytes } from "./format_bytes.ts";
import type {
  BanEvent,
  ConnectionEvent,
  ConnectionResult,
  MessageEvent,
  TextEvent,
} from "./log_event.ts";
import { formatSpan } from "./format_span.ts";

/** ANSI codes (ECMA-48 §8.3.117). */
const COLOR = { red: 31, green: 32, yellow: 33, gray: 90 } as const;

const RESULT_COLOR: Readonly<Record<ConnectionResult, number>> = {
  ok: COLOR.green,
  cut: COLOR.yellow,
  refused: COLOR.yellow,
  failed: COLOR.red,
  dropped: COLOR.gray,
};

const LEVEL_COLOR: Readonly<Record<MessageEvent["level"], number>> = {
  info: COLOR.gray,
  warning: COLOR.yellow,
  error: COLOR.red,
};

/** Formats for the time of a line. */
export const LOG_TIMES = ["clock", "date", "utc", "none"] as const;

/**
 * Format for the time of a line: the local time of day, the same after the
 * date, RFC 3339 in UTC, or nothing.
 */
export type LogTime = typeof LOG_TIMES[number];

/** Appearance of a line. */
export interface TextStyle {
  /** Format of the time. */
  time: LogTime;
  /** Whether the line has colours. */
  color: boolean;
}

/** Width of `socks5`, the longest of the common protocols. */
const PROTOCOL_COLUMN = 6;

/** Width of `127.0.0.1:50000` and of most other clients. */
const CLIENT_COLUMN = 21;

/** Width of the longest result and level. */
const FIRST_COLUMN = 7;

/**
 * Formats an event as text.
 *
 * ```text
 * 12:00:01 ok      socks5 127.0.0.1:50000 > example.com:443 [192.0.2.1:443]  1.2 kB up, 30 kB down, 2.1 s: client closed first
 * ```
 *
 * @param event Event to format.
 * @param now Time of the log line, in milliseconds since 1970.
 * @param style Time format and colours.
 * @returns One line without its line end, safe for a terminal.
 */
export function formatText(
  event: TextEvent,
  now: number,
  { color, time }: TextStyle,
): string {
  const stamp = time === "none"
    ? ""
    : `${paint(formatTime(now, time), COLOR.gray, color)} `;
  if (event.event === "message") {
    const { level, message } = event;
    const label = paint(level.padEnd(FIRST_COLUMN), LEVEL_COLOR[level], color);
    return `${stamp}${label} ${escape(message)}`;
  }
  if (event.event === "ban") {
    const label = paint("banned".padEnd(FIRST_COLUMN), COLOR.red, color);
    return `${stamp}${label} ${escape(formatBan(event))}`;
  }
  const { result } = event;
  const label = paint(result.padEnd(FIRST_COLUMN), RESULT_COLOR[result], color);
  return `${stamp}${label} ${escape(formatConnection(event))}`;
}

/**
 * Formats a duration.
 *
 * @returns For example `12 ms`, `2.1 s`, `3 min 20 s`, `5 h 7 min`.
 */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Programs such as fail2ban parse this line, so its format is fixed. */
function formatBan({ client, duration, ...event }: BanEvent): string {
  const line = `${client} for ${formatSpan(duration)}: ` +
    `${countOf(event.failures, "failure")} in ${formatSpan(event.window)}`;
  const from = event.node === undefined ? "" : ` (from ${event.node})`;
  return event.user === undefined
    ? `${line}${from}`
    : `${line} as ${quote(event.user)}, who is under attack${from}`;
}

function formatConnection(event: ConnectionEvent): string {
  const { client, user, target, address } = event;
  const from = user === undefined ? client : `${quote(user)}@${client}`;
  // A client that sent no request has no protocol.
  const protocol = (event.protocol ?? "-").padEnd(PROTOCOL_COLUMN);
  let route = `${protocol} ${from.padEnd(CLIENT_COLUMN)}`;
  if (target !== undefined) route += ` > ${target}`;
  if (address !== undefined && address !== target) route += ` [${address}]`;
  const figures = [...formatCounts(event), formatDuration(event.duration)];
  const { wouldDeny } = event;
  const report = wouldDeny === undefined
    ? ""
    : `; would deny: ${wouldDeny.reason}`;
  return `${route}  ${figures.join(", ")}: ${event.reason}${report}`;
}

/** The carried bytes and messages; empty if there was no tunnel. */
function formatCounts(event: ConnectionEvent): string[] {
  const { address, datagrams, messages, result, sent, received } = event;
  const pieces = datagrams ?? messages;
  const isCarried = result === "ok" || result === "cut";
  if (!isCarried && address === undefined && pieces === undefined) return [];
  const counts = [`${formatBytes(sent)} up`, `${formatBytes(received)} down`];
  if (pieces === undefined) return counts;
  const { sent: up, received: down, dropped } = pieces;
  const what = datagrams === undefined ? "messages" : "datagrams";
  return [...counts, `${up} + ${down} ${what}, ${dropped} dropped`];
}

/** Quotes names that contain a space, an @ or other special characters. */
function quote(user: string): string {
  return /^[\w.+-]+$/.test(user) ? user : JSON.stringify(user);
}

function formatTime(now: number, time: LogTime): string {
  const date = new Date(now);
  if (time === "utc") return date.toISOString();
  const clock = joined(":", [
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ]);
  if (time === "clock") return clock;
  const day = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  return `${joined("-", day)} ${clock}`;
}

function joined(separator: string, numbers: readonly number[]): string {
  return numbers.map((number) => String(number).padStart(2, "0"))
    .join(separator);
}

function paint(text: string, code: number, color: boolean): string {
  return color ? `\x1b[${code}m${text}\x1b[0m` : text;
}
