/**
 * Formats figures for people.
 *
 * @module
 */

import { formatBytes } from "../../observe/format_bytes.ts";

const COUNT = new Intl.NumberFormat("en");

/** Shown instead of a missing value. */
export const NOTHING = "–";

/**
 * Formats bytes a second.
 *
 * @returns For example `1.2 kB/s`.
 */
export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/**
 * Formats a whole number with thousands separators.
 *
 * @returns For example `10,000`.
 */
export function formatCount(count: number): string {
  return COUNT.format(Math.round(count));
}

/**
 * Formats a number of events a second.
 *
 * @returns For example `0.4`, `12`, `1,204`.
 */
export function formatFrequency(perSecond: number): string {
  if (perSecond === 0 || perSecond >= 9.95) return formatCount(perSecond);
  return perSecond.toFixed(1);
}

/**
 * Formats an elapsed time in its two largest units.
 *
 * @param milliseconds The time; negative values, from differing clocks, count
 *   as 0.
 * @returns For example `4s`, `3m 05s`, `2h 14m`, `3d 04h`.
 */
export function formatElapsed(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/**
 * Formats a duration that may be short.
 *
 * @returns For example `33ms`, `4s`, `2h 14m`.
 */
export function formatLasted(milliseconds: number): string {
  return milliseconds < 1_000
    ? `${Math.max(0, Math.round(milliseconds))}ms`
    : formatElapsed(milliseconds);
}

/**
 * Formats a remaining time.
 *
 * @returns For example `0:23`, `12:05`, `1:02:03`.
 */
export function formatCountdown(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  const rest = `${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${rest}`;
}

/**
 * Formats a time of day in the viewer's time zone.
 *
 * @param time Milliseconds since 1970, or ISO 8601.
 * @returns For example `14:03:09`; {@linkcode NOTHING} for an invalid time.
 */
export function formatClock(time: number | string): string {
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return NOTHING;
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map(two).join(":");
}

/**
 * Formats a time with the viewer's time zone.
 *
 * @param time ISO 8601.
 * @returns For example `2026-11-21 14:03:09 UTC+01:00`.
 */
export function formatTime(time: string): string {
  const date = new Date(time);
  const clock = formatClock(time);
  if (clock === NOTHING) return NOTHING;
  const parts = [date.getFullYear(), date.getMonth() + 1, date.getDate()];
  const day = parts.map(two).join("-");
  return `${day} ${clock} ${formatOffset(-date.getTimezoneOffset())}`;
}

/**
 * Formats the offset of a time zone from UTC.
 *
 * @param minutes East of it.
 * @returns For example `UTC`, `UTC+01:00`, `UTC−03:30`.
 */
export function formatOffset(minutes: number): string {
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "−" : "+";
  return `UTC${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/**
 * Formats a number of things.
 *
 * @returns For example `1 tunnel`, `2 tunnels`.
 */
export function formatNumberOf(count: number, thing: string): string {
  return `${formatCount(count)} ${thing}${count === 1 ? "" : "s"}`;
}

/**
 * Formats a share.
 *
 * @param share 0 to 1.
 * @returns For example `0 %`, `0.4 %`, `12 %`.
 */
export function formatShare(share: number): string {
  const percent = 100 * share;
  if (percent === 0 || percent >= 9.95) return `${Math.round(percent)} %`;
  return percent < 0.1 ? "< 0.1 %" : `${percent.toFixed(1)} %`;
}

/**
 * Formats a measured duration.
 *
 * @param milliseconds `null` if nothing was measured.
 * @returns For example `0.4 ms`, `21 ms`, `1.3 s`.
 */
export function formatLatency(milliseconds: number | null): string {
  if (milliseconds === null) return NOTHING;
  if (milliseconds >= 999.5) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${milliseconds.toFixed(milliseconds < 9.95 ? 1 : 0)} ms`;
}

/** At least two digits. */
function two(count: number): string {
  return String(count).padStart(2, "0");
}
