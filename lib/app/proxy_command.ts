/**
 * `sluice proxy`: the command that runs when none is named.
 *
 * @module
 */

import { describeError } from "../handlers/describe_error.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { User } from "../policy/users.ts";
import { bannerLines } from "./banner.ts";
import type { Command } from "./command.ts";
import { openLog } from "./log_sink.ts";
import type { OptionValues } from "./option.ts";
import { parseUsers, PROXY_OPTIONS } from "./proxy_options.ts";
import { listenForSignals, runUntilSignal } from "./run_until_signal.ts";
import { startProxy } from "./start_proxy.ts";
import { UsageError } from "./usage_error.ts";

/** The command as the command line sees it. */
export const PROXY_COMMAND: Command<typeof PROXY_OPTIONS> = {
  usage: "[proxy] [OPTIONS]",
  summary:
    "Runs a SOCKS5, SOCKS4 and HTTP proxy on 127.0.0.1:1080, or where --listen says. On an address that others can reach it wants users, or --open, and does not connect to private addresses.",
  examples: [
    ["sluice", "for this machine: curl -x socks5h://127.0.0.1:1080 …"],
    ["sluice --listen 9050 --listen [::1]:9050", "on another port"],
    [
      "SLUICE_USERS=alice:secret sluice --listen :1080",
      "for Alice, from anywhere",
    ],
  ],
  options: PROXY_OPTIONS,
  run: runProxy,
};

async function runProxy(
  options: OptionValues<typeof PROXY_OPTIONS>,
): Promise<number> {
  const log = openLog({ format: options.log, quiet: options.quiet });
  const users = allUsers(options.user, log.write);
  using signals = listenForSignals();
  surviveMistakes(log.write);
  const proxy = await startProxy({
    listen: options.listen,
    users,
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
    bindTimeout: options["bind-timeout"],
    forwardedFor: options["forwarded-for"],
    maxConnections: options["max-connections"],
    maxConnectionsPerClient: options["max-connections-per-client"],
    log: log.write,
  });
  dropPermissions();
  const allowPrivate = options["allow-private"];
  const { protocols } = options;
  const facts = { listeners: proxy.listeners, protocols, users, allowPrivate };
  for (const message of bannerLines(facts)) {
    log.write({ event: "message", level: "info", message });
  }
  const drainTimeout = options["drain-timeout"];
  const code = await runUntilSignal(proxy, signals, drainTimeout, log.write);
  await log.flush();
  return code;
}

/** What a proxy never does, nobody who takes it over shall do either. */
function dropPermissions(): void {
  for (const name of ["run", "ffi", "write"] as const) {
    Deno.permissions.revokeSync({ name });
  }
}

/** A mistake of ours in one connection must not end all others. */
function surviveMistakes(log: (event: LogEvent) => void): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    const message = `Internal error: ${describeError(event.reason)}`;
    log({ event: "message", level: "error", message });
  });
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
