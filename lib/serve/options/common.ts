/**
 * Options of every command that accepts connections.
 *
 * @module
 */

import { LOG_TIMES } from "../../observe/log_text.ts";
import { GROUP } from "../../cli/option_groups.ts";
import { BACKLOG } from "../../net/system/backlog.ts";
import { choice, count, duration, flag } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** Options of every command that print something instead of running it. */
export const ASK_OPTIONS = {
  "help": flag("print this help", { short: "h" }),
  "version": flag("print the version", { short: "V" }),
};

/** Options of every command that accepts connections. */
export const COMMON_OPTIONS = {
  "handshake-timeout": duration({
    group: GROUP.limits,
    default: "10s",
    setting: "timeouts.handshake",
    help: "time limit for the whole handshake; 0 disables it",
  }),
  "idle-timeout": duration({
    group: GROUP.limits,
    default: "10m",
    setting: "timeouts.idle",
    help: "time limit for a tunnel without traffic; 0 disables it",
  }),
  "half-close-timeout": duration({
    group: GROUP.limits,
    default: "30s",
    setting: "timeouts.halfClose",
    help:
      "when one direction has ended: time limit for the other without traffic; 0 ends it immediately",
  }),
  "drain-timeout": duration({
    group: GROUP.limits,
    default: "30s",
    help:
      "time limit for open tunnels to finish at shutdown; 0 cuts them immediately",
  }),
  "drain-delay": duration({
    group: GROUP.limits,
    default: "0",
    help:
      "at shutdown: time to accept connections as before while /readyz already answers 503, so that a load balancer leaves first",
  }),
  "max-connections": count({
    group: GROUP.limits,
    setting: "maxConnections",
    help:
      "most connections at the same time; fewer if the limit of file descriptors is lower (default 20000, or what the memory limit allows)",
  }),
  "max-connections-per-client": count({
    group: GROUP.limits,
    least: "0",
    setting: "maxConnectionsPerClient",
    help:
      "most connections from one address (IPv6: one /64); 0 disables the limit (default 1000; 0 on a loopback address)",
  }),
  "backlog": count({
    group: GROUP.listen,
    default: String(BACKLOG),
    setting: "backlog",
    help:
      "connections that the system queues for each TCP listener until Sluice accepts them; Linux caps it at net.core.somaxconn",
  }),
  "log": choice(["text", "json"], {
    default: "text",
    group: GROUP.watch,
    help: "format of the log on standard error",
  }),
  "log-time": choice(LOG_TIMES, {
    requires: [{ anyOf: ["log"], is: ["text"] }],
    group: GROUP.watch,
    help:
      "time of a text log line: the clock, the date and the clock, RFC 3339 in UTC, or none (default clock on a terminal, otherwise date)",
  }),
  "quiet": flag("log warnings and errors only", { group: GROUP.watch }),
  ...ASK_OPTIONS,
};

/** Time for clients accepted just before a shutdown to send their request. */
export const GRACE_OPTIONS = {
  "shutdown-grace": duration({
    group: GROUP.limits,
    default: "1s",
    setting: "grace",
    help:
      "at shutdown: time limit for clients that have just connected to send their request; 0 closes them immediately",
  }),
};

/** Values of the options that such commands share. */
export type CommonOptions = OptionValues<typeof COMMON_OPTIONS>;
