/**
 * What can be said of limits that are off unless asked for.
 *
 * @module
 */

import type { BothWays } from "../policy/rate_limits.ts";
import { parseCount, parseNumber } from "./common_options.ts";
import { parseDuration } from "./duration.ts";
import type { LimitConfig } from "./open_limits.ts";
import { only, type Option, type OptionValues, single } from "./option.ts";
import { parseFrequency, parseRate, parseSize } from "./size.ts";

/** Options for limits. */
export const LIMIT_OPTIONS = {
  "max-connections-per-user": single(
    "N",
    "0",
    (text) => parseNumber(text, 0),
    "connections at once of one user; 0 is no limit",
  ),
  "connection-rate": single(
    "N/s",
    "0",
    parseFrequency,
    "new connections from one address (IPv6: one /64) a second; N/m is a minute, N/h an hour; 0 is no limit",
  ),
  "connection-burst": {
    value: "N",
    help:
      "new connections that may come at once after a pause (default the N of --connection-rate)",
    parse: (given: readonly string[]): number | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parseCount(text);
    },
  },
  "rate-per-connection": rateOption("of one connection"),
  "rate-per-user": rateOption("of one user"),
  "rate-total": rateOption("of all connections together"),
  "rate-burst": single(
    "DURATION",
    "100ms",
    parseDuration,
    "how much of each rate may come at once after a pause, as the time it stands for; 10ms at least",
  ),
  "quota-per-user": single(
    "SIZE",
    "0",
    parseSize,
    "bytes a day of one user, both ways together; 0 is no limit",
  ),
  "quota-file": {
    value: "FILE",
    help:
      "keeps the count of the day over a restart; written every 5 seconds and at the end",
    parse: only,
  },
  "quota-zone": single(
    "ZONE",
    "UTC",
    parseZone,
    "time zone whose midnight begins a day, such as Europe/Berlin",
  ),
};

/** Values of the options for limits. */
export type LimitOptions = OptionValues<typeof LIMIT_OPTIONS>;

/**
 * Makes the configuration from options.
 *
 * @param options What was given.
 * @returns The limits that are set.
 */
export function limitsOf(options: LimitOptions): LimitConfig {
  return {
    connectionsPerUser: options["max-connections-per-user"],
    connectionRate: options["connection-rate"],
    connectionBurst: options["connection-burst"],
    rates: {
      connection: options["rate-per-connection"],
      user: options["rate-per-user"],
      total: options["rate-total"],
      burst: options["rate-burst"],
    },
    quotaPerUser: options["quota-per-user"],
    quotaFile: options["quota-file"],
    quotaZone: options["quota-zone"],
  };
}

function rateOption(whose: string): Option<BothWays> {
  return single(
    "RATE",
    "0",
    parseRate,
    `bytes a second ${whose} each way, such as 64KB, 10MB, 1GB, or UP:DOWN; 0 is no limit`,
  );
}

function parseZone(text: string): string {
  if (text === "UTC") return text;
  try {
    new Intl.DateTimeFormat("sv-SE", { timeZone: text });
  } catch {
    throw new SyntaxError(`'${text}' is not a time zone`);
  }
  return text;
}
