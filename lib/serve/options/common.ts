/**
 * What can be said to every command that takes connections.
 *
 * @module
 */

import { BACKLOG } from "../../net/system/backlog.ts";
import { choice, count, duration, flag } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";

/** What can be asked of every command, instead of running it. */
export const ASK_OPTIONS = {
  "help": flag("print this and exit", { short: "h" }),
  "version": flag("print the version and exit", { short: "V" }),
};

/** Options of every command that takes connections. */
export const COMMON_OPTIONS = {
  "handshake-timeout": duration({
    default: "10s",
    setting: "timeouts.handshake",
    help: "time limit for the whole handshake; 0 is for ever",
  }),
  "idle-timeout": duration({
    default: "10m",
    setting: "timeouts.idle",
    help: "time limit for a tunnel without a byte; 0 is for ever",
  }),
  "half-close-timeout": duration({
    default: "30s",
    setting: "timeouts.halfClose",
    help:
      "time limit for the other direction, without a byte, when one has ended; 0 ends it at once",
  }),
  "drain-timeout": duration({
    default: "30s",
    help:
      "time limit for open tunnels to finish at the shutdown; 0 ends them at once",
  }),
  "max-connections": count({
    setting: "maxConnections",
    help:
      "connections at once; fewer where the limit of file descriptors says so (default 20000, or what a memory limit carries)",
  }),
  "max-connections-per-client": count({
    least: "0",
    setting: "maxConnectionsPerClient",
    help:
      "connections at once from one address (IPv6: one /64); 0 is no limit (default 1000, and 0 on a loopback address)",
  }),
  "backlog": count({
    default: String(BACKLOG),
    setting: "backlog",
    help:
      "connections that may wait in the system's queue of each TCP listener until they are accepted; Linux caps it at net.core.somaxconn",
  }),
  "log": choice(["text", "json"], {
    default: "text",
    help: "how log lines look, on standard error",
  }),
  "quiet": flag("log warnings and errors only"),
  ...ASK_OPTIONS,
};

/** What who came just before a shutdown has to say what it wants. */
export const GRACE_OPTIONS = {
  "shutdown-grace": duration({
    default: "1s",
    setting: "grace",
    help:
      "time limit for clients that came just before the shutdown to say what they want; 0 closes their connections at once",
  }),
};

/** Values of the options that such commands share. */
export type CommonOptions = OptionValues<typeof COMMON_OPTIONS>;
