/**
 * What can be said of limits that are off unless asked for.
 *
 * @module
 */

import {
  count,
  duration,
  option,
  path,
  size,
} from "../../cli/declare_options.ts";
import type { Option, OptionValues } from "../../cli/option.ts";
import type { BothWays } from "../../policy/limits/rate_limits.ts";
import { parseFrequency, parseRate } from "../../cli/size.ts";

/** The heading of these options. */
const GROUP = "Limits";

/** Options for limits. */
export const LIMIT_OPTIONS = {
  "max-connections-per-user": count({
    default: "0",
    least: "0",
    setting: "limits.connectionsPerUser",
    group: GROUP,
    help: "connections at once of one user; 0 is no limit",
  }),
  "connection-rate": option("rate", {
    value: "N/s",
    default: "0",
    isNumeric: true,
    setting: "limits.connectionRate",
    group: GROUP,
    help:
      "new connections from one address (IPv6: one /64) a second; N/m is a minute, N/h an hour; 0 is no limit",
  }, parseFrequency),
  "connection-burst": count({
    requires: "connection-rate",
    setting: "limits.connectionBurst",
    group: GROUP,
    help:
      "new connections that may come at once after a pause (default the N of --connection-rate)",
  }),
  "rate-per-connection": rate({
    setting: "limits.rates.connection",
    help: "of one connection",
  }),
  "rate-per-user": rate({
    setting: "limits.rates.user",
    help: "of one user",
  }),
  "rate-total": rate({
    setting: "limits.rates.total",
    help: "of all connections together",
  }),
  "rate-burst": duration({
    default: "100ms",
    least: "10ms",
    requires: [
      { anyOf: ["rate-per-connection", "rate-per-user", "rate-total"] },
    ],
    setting: "limits.rates.burst",
    group: GROUP,
    help:
      "how much of each rate may come at once after a pause, as the time it stands for; 10ms at least",
  }),
  "quota-per-user": size({
    default: "0",
    setting: "limits.quotaPerUser",
    group: GROUP,
    help: "bytes a day of one user, both ways together; 0 is no limit",
  }),
  "quota-file": path({
    requires: "quota-per-user",
    setting: "limits.quotaFile",
    group: GROUP,
    help:
      "keeps the count of the day over a restart; written every 5 seconds and at the end",
  }),
  "quota-zone": option("text", {
    value: "ZONE",
    default: "UTC",
    requires: "quota-per-user",
    setting: "limits.quotaZone",
    group: GROUP,
    help: "time zone whose midnight begins a day, such as Europe/Berlin",
  }, parseZone),
};

/** Values of the options for limits. */
export type LimitOptions = OptionValues<typeof LIMIT_OPTIONS>;

function rate<const Setting extends string>(
  { help, setting }: { help: string; setting: Setting },
): Option<BothWays, Setting> {
  return option("rate", {
    value: "RATE",
    default: "0",
    isNumeric: true,
    group: GROUP,
    setting,
    help:
      `bytes a second ${help} each way, such as 64KB, 10MB, 1GB, or UP:DOWN; 0 is no limit`,
  }, parseRate);
}

function parseZone(text: string): string {
  if (text === "UTC") return text;
  try {
    new Intl.DateTimeFormat("sv-SE", { timeZone: text });
  } catch {
    throw new SyntaxError(
      `'${text}' is not a time zone such as Europe/Berlin`,
    );
  }
  return text;
}
