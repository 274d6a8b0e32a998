/**
 * What can be said about users and bans.
 *
 * @module
 */

import { count, duration, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** Failures are kept one by one, for each client. */
const MOST_FAILURES = 100;

/** Said where a time of bans is 0. */
const NO_BANS = "--ban-after 0 bans none";

/** The heading of these options. */
const GROUP = "Users";

/** Options of users and bans. */
export const AUTH_OPTIONS = {
  "users": path({
    group: GROUP,
    help:
      "only the users in this file may use the proxy, and those of --user: a line NAME:HASH each, made by 'sluice passwd NAME'; read again when it changes",
  }),
  "auth-cache": duration({
    default: "5m",
    requires: "users",
    group: GROUP,
    help:
      "how long a right password of that file need not be hashed again; 0 is not at all",
  }),
  "ban-after": count({
    default: "10",
    least: "0",
    most: String(MOST_FAILURES),
    group: GROUP,
    help:
      "wrong passwords from one address (IPv6: one /64) that get it banned; 0 is never",
  }),
  "ban-window": duration({
    default: "2m",
    least: "1ms",
    hint: NO_BANS,
    requires: "ban-after",
    group: GROUP,
    help: "within what time they count",
  }),
  "ban-time": duration({
    default: "1m",
    least: "1ms",
    hint: NO_BANS,
    requires: "ban-after",
    group: GROUP,
    help: "how long the first ban is; each next one is doubled",
  }),
  "ban-time-max": duration({
    default: "15m",
    least: "1ms",
    hint: NO_BANS,
    requires: "ban-after",
    group: GROUP,
    help: "how long the longest ban is; so long without one undoes a doubling",
  }),
};

/** Values of the options of users and bans. */
export type AuthOptions = OptionValues<typeof AUTH_OPTIONS>;
