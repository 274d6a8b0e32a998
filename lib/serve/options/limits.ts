/**
 * Options for limits that are off by default.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import {
  count,
  duration,
  option,
  path,
  size,
} from "../../cli/declare_options.ts";
import type { Option } from "../../cli/option.ts";
import type { BothWays } from "../../policy/limits/rate_limits.ts";
import type { SettingsOf } from "../../cli/settings.ts";
import { parseFrequency, parseRate } from "../../cli/size.ts";

/** Options for limits. */
export const LIMIT_OPTIONS = {
  "max-connections-per-user": count({
    default: "0",
    least: "0",
    setting: "limits.connectionsPerUser",
    group: GROUP.limits,
    help: "most connections of one user at the same time; 0 disables the limit",
  }),
  "connection-rate": option("rate", {
    value: "N/s",
    default: "0",
    isNumeric: true,
    setting: "limits.connectionRate",
    group: GROUP.limits,
    help:
      "new connections per second from one address (IPv6: one /64); N/m is per minute, N/h per hour; 0 disables the limit",
  }, parseFrequency),
  "connection-burst": count({
    requires: "connection-rate",
    setting: "limits.connectionBurst",
    group: GROUP.limits,
    help:
      "new connections that may arrive together after a pause (default the N of --connection-rate)",
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
    group: GROUP.limits,
    help:
      "after a pause, bytes for this much time at the full rate pass without delay; at least 10ms",
  }),
  "quota-per-user": size({
    default: "0",
    setting: "limits.quotaPerUser",
    group: GROUP.limits,
    help:
      "bytes that one user may transfer in a day, both directions together; 0 disables the limit",
  }),
  "quota-file": path({
    requires: "quota-per-user",
    setting: "limits.quotaFile",
    group: GROUP.limits,
    help:
      "file that keeps the day's counts across restarts; Sluice writes it every 5 seconds and when it stops",
  }),
  "quota-zone": option("text", {
    value: "ZONE",
    default: "UTC",
    requires: "quota-per-user",
    setting: "limits.quotaZone",
    group: GROUP.limits,
    help: "time zone whose midnight starts a new day, such as Europe/Berlin",
  }, parseZone),
};

/** Optional limits; 0 disables one. */
export type LimitConfig = SettingsOf<typeof LIMIT_OPTIONS>["limits"];

function rate<const Setting extends string>(
  { help, setting }: { help: string; setting: Setting },
): Option<BothWays, Setting> {
  return option("rate", {
    value: "RATE",
    default: "0",
    isNumeric: true,
    group: GROUP.limits,
    setting,
    help:
      `bytes per second ${help} in each direction, such as 64KB, 10MB, 1GB, or UP:DOWN; 0 disables the limit`,
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
