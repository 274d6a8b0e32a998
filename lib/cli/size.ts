/**
 * Sizes, rates and frequencies as people write them.
 *
 * @module
 */

import type { Frequency } from "../policy/limits/connection_rate.ts";
import type { BothWays } from "../policy/limits/rate_limits.ts";

/**
 * By spelling. Lower-case `b` is missing, because people would read it as bits.
 */
const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const PERIODS: Readonly<Record<string, Frequency["period"]>> = {
  s: "second",
  m: "minute",
  h: "hour",
};

/** At a slower rate, a datagram would take more than a second. */
const SLOWEST = 1_000;

/**
 * Parses a size: a number and a unit (`64KB` is 64,000 bytes, `64KiB` is
 * 65,536), or `0`.
 *
 * @returns Whole bytes.
 * @throws {SyntaxError} If the text is not a size.
 */
export function parseSize(text: string): number {
  const size = sizeOf(text);
  if (size !== undefined) return size;
  throw new SyntaxError(
    `'${text}' is not a size such as 64KB, 1.5MB, 10GB, 64KiB or 0`,
  );
}

function sizeOf(text: string): number | undefined {
  if (text === "0") return 0;
  const match = /^(\d{1,9}(?:\.\d{1,3})?)([A-Za-z]{1,3})$/.exec(text);
  const unit = UNITS[match?.[2] ?? ""];
  if (match === null || unit === undefined) return undefined;
  return Math.round(Number(match[1]) * unit);
}

/**
 * Parses a size that may also be a plain number of bytes.
 *
 * @returns Whole bytes.
 * @throws {SyntaxError} If the text is not a size.
 */
export function parseBytes(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const size = sizeOf(text);
  if (size !== undefined) return size;
  throw new SyntaxError(
    `'${text}' is not a number of bytes such as 65536, 64KB or 64KiB`,
  );
}

/**
 * Parses bytes per second: a size for both directions (`64KB` or `64KB/s`), or
 * one for up and one for down (`1MB:10MB`).
 *
 * @returns Bytes per second, 0 or at least 1,000.
 * @throws {SyntaxError} If the text is not a rate.
 */
export function parseRate(text: string): BothWays {
  const parts = text.split(":").map((part) => part.replace(/\/s$/, ""));
  if (parts.length > 2) {
    throw new SyntaxError(`'${text}' is neither RATE nor UP:DOWN`);
  }
  const [up, down = up] = parts.map(parseSize);
  for (const rate of [up!, down!]) {
    if (rate === 0 || rate >= SLOWEST) continue;
    throw new SyntaxError(`'${text}' is less than 1KB a second`);
  }
  return { up: up!, down: down! };
}

/**
 * Parses a frequency: `10`, `10/s`, `30/m` or `500/h`; `0` disables the limit.
 *
 * @returns The frequency; `undefined` for no limit.
 * @throws {SyntaxError} If the text is not a frequency.
 */
export function parseFrequency(text: string): Frequency | undefined {
  const match = /^(\d{1,9})(?:\/([smh]))?$/.exec(text);
  if (match === null) {
    throw new SyntaxError(`'${text}' is not a number such as 10/s, 30/m or 0`);
  }
  const count = Number(match[1]);
  const period = PERIODS[match[2] ?? "s"]!;
  return count === 0 ? undefined : { count, period };
}
