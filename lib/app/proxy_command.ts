/**
 * `sluice proxy`: the command that runs when none is named.
 *
 * @module
 */

import { prepareReceiveQueues } from "../net/receive_queue.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { User } from "../policy/users.ts";
import { bannerLines } from "./banner.ts";
import type { Command } from "./command.ts";
import {
  parseUsers,
  PROXY_OPTIONS,
  type ProxyOptions,
} from "./proxy_options.ts";
import { runServer } from "./run_server.ts";
import { type ProxyConfig, startProxy } from "./start_proxy.ts";
import { UsageError } from "./usage_error.ts";

/** The command as the command line sees it. */
export const PROXY_COMMAND: Command<typeof PROXY_OPTIONS> = {
  usage: "[proxy] [OPTIONS]",
  summary:
    "Runs a SOCKS5, SOCKS4 and HTTP proxy on 127.0.0.1:1080, or where --listen says. On an address that others can reach it wants users, or --open, and does not connect to private addresses.",
  examples: [
    [
      "sluice",
      "for this machine: curl -x socks5h://127.0.0.1:1080 …, or -x http://…",
    ],
    ["sluice --listen 9050 --listen [::1]:9050", "on another port"],
    [
      "SLUICE_USERS=alice:secret sluice --listen :1080",
      "for Alice, from anywhere",
    ],
  ],
  options: PROXY_OPTIONS,
  run: runProxy,
};

function runProxy(options: ProxyOptions): Promise<number> {
  return runServer(options, async (log) => {
    const users = allUsers(options.user, log);
    prepareReceiveQueues(); // With a permission that a server drops next.
    const running = await startProxy({ ...configOf(options), users, log });
    const { listeners } = running;
    const { protocols, "allow-private": allowPrivate } = options;
    const banner = bannerLines({ listeners, protocols, users, allowPrivate });
    return { running, banner };
  });
}

function configOf(options: ProxyOptions): ProxyConfig {
  return {
    listen: options.listen,
    open: options.open,
    allowPrivate: options["allow-private"],
    timeouts: {
      handshake: options["handshake-timeout"],
      connect: options["connect-timeout"],
      idle: options["idle-timeout"],
      halfClose: options["half-close-timeout"],
    },
    protocols: options.protocols,
    udp: {
      advertise: options["udp-advertise"],
      ports: options["udp-ports"],
      idleTimeout: options["udp-idle-timeout"],
      perClient: options["max-udp-associations-per-client"],
      associations: options["max-udp-associations"],
    },
    names: {
      servers: options.dns,
      cacheSize: options["dns-cache"],
      preference: options.prefer,
    },
    outgoing: options.bind,
    bindTimeout: options["bind-timeout"],
    forwardedFor: options["forwarded-for"],
    maxConnections: options["max-connections"],
    maxConnectionsPerClient: options["max-connections-per-client"],
  };
}

/** Users of the command line and of the environment. */
function allUsers(
  given: readonly User[],
  log: (event: LogEvent) => void,
): User[] {
  const users = [...given, ...environmentUsers(log)];
  const names = users.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return users;
  throw new UsageError(`User '${twice}' is in --user and in SLUICE_USERS`);
}

function environmentUsers(log: (event: LogEvent) => void): User[] {
  const { state } = Deno.permissions.querySync({
    name: "env",
    variable: "SLUICE_USERS",
  });
  if (state !== "granted") { // Asking would stop the start.
    const message =
      "Users of SLUICE_USERS, if any, are not known: Deno was not given --allow-env=SLUICE_USERS";
    log({ event: "message", level: "warning", message });
    return [];
  }
  const texts = Deno.env.get("SLUICE_USERS")?.split(/\s+/).filter(Boolean);
  try {
    return parseUsers(texts ?? []);
  } catch (error) {
    throw new UsageError(`SLUICE_USERS: ${(error as SyntaxError).message}`);
  }
}
