/**
 * Options of users and bans.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { count, duration, path } from "../../cli/declare_options.ts";

/** Most failures, which are kept one by one for each client. */
const MOST_FAILURES = 100;

/** The hint if a time of bans is 0. */
const NO_BANS = "to turn bans off, give --ban-after 0";

/** Options of users and bans. */
export const AUTH_OPTIONS = {
  "users": path({
    group: GROUP.users,
    help:
      "let in the users of this file and of --user only; 'sluice passwd NAME' makes its lines; Sluice rereads it when it changes",
  }),
  "auth-cache": duration({
    default: "5m",
    requires: "users",
    group: GROUP.users,
    help:
      "how long Sluice remembers a correct password instead of hashing it again; 0 disables it",
  }),
  "ban-after": count({
    default: "10",
    least: "0",
    most: String(MOST_FAILURES),
    group: GROUP.users,
    help:
      "wrong passwords from one address (IPv6: one /64) that ban it; 0 disables bans",
  }),
  "ban-window": duration({
    default: "2m",
    least: "1ms",
    hint: NO_BANS,
    requires: "ban-after",
    group: GROUP.users,
    help: "the time within which wrong passwords count together",
  }),
  "ban-time": duration({
    default: "1m",
    least: "1ms",
    hint: NO_BANS,
    requires: "ban-after",
    group: GROUP.users,
    help: "length of the first ban; each further ban lasts twice as long",
  }),
  "ban-time-max": duration({
    default: "15m",
    least: "1ms",
    hint: NO_BANS,
    requires: "ban-after",
    group: GROUP.users,
    help:
      "length of the longest ban; each ban-free period of this length halves the next ban",
  }),
};
