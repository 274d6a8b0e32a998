/**
 * `sluice proxy`: the command that runs when none is named.
 *
 * @module
 */

import { isUnixPath } from "../wire/endpoint.ts";
import { prepareCLibrary } from "../net/system/c_library.ts";
import { Bans } from "../policy/users/bans.ts";
import { listeningEvent } from "../serve/announcement.ts";
import { bannerLines } from "./banner.ts";
import { acceptProxyOf } from "../serve/options/accept_proxy.ts";
import { onChangeOf } from "../serve/options/rules.ts";
import { openRules } from "../serve/target/open_rules.ts";
import { openListenerTls } from "../serve/tls/listener.ts";
import { needsTls } from "../serve/target/open_parents.ts";
import { openOutgoingTls } from "../serve/tls/outgoing.ts";
import { PROXY_OPTIONS, type ProxyOptions } from "./options.ts";
import { openProxyUsers } from "./users.ts";
import { type RunningServer, runningServer } from "../serve/running_server.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { ServerHost } from "../serve/server_host.ts";
import { settingsOf } from "../cli/settings.ts";
import { type Proxy, startProxy } from "./start.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Protocols offered by ALPN; SOCKS clients send none. */
const PROXY_PROTOCOLS = ["http/1.1"] as const;

/** The command as the command line sees it. */
export const PROXY_COMMAND: ServerCommand<typeof PROXY_OPTIONS> = {
  usage: "[proxy] [OPTIONS]",
  summary:
    "Runs a SOCKS5, SOCKS4 and HTTP proxy on 127.0.0.1:1080, or where --listen says. On an address that other machines can reach it needs users or --open, and does not connect to private addresses.",
  examples: [
    [
      "sluice",
      "for programs on this machine: curl -x socks5h://127.0.0.1:1080 …",
    ],
    ["sluice --listen 9050 --listen [::1]:9050", "on another port"],
    [
      "SLUICE_USERS=alice:secret sluice --listen :1080",
      "for Alice, from anywhere",
    ],
    [
      "sluice passwd alice >> users.txt; sluice --users users.txt --listen :1080",
      "the same, with a hash instead of the password",
    ],
  ],
  options: PROXY_OPTIONS,
  start,
};

async function start(
  options: ProxyOptions,
  host: ServerHost,
): Promise<RunningServer> {
  const { files: opener, log, thread } = host;
  const open: Pick<Proxy, "sessions"> = {};
  const onChange = () => void open.sessions?.review();
  const reading = { files: opener, onChange };
  const { list, users, files } = await openProxyUsers(options, log, {
    threads: thread?.count,
    ...reading,
  });
  const parents = new Set(options.parent.map(({ name }) => name));
  const rules = await openRules(options, log, { parents, ...reading });
  const { tls, files: certificates } = await openListenerTls(options, {
    protocols: PROXY_PROTOCOLS,
    log,
    ...reading,
  });
  const changing = [...files, ...rules.files, ...certificates];
  const settings = settingsOf(PROXY_OPTIONS, options);
  const isTls = needsTls(settings.parents);
  const outgoing = await openOutgoingTls(options, isTls, host);
  // Needs a permission that the server drops next.
  if (!host.isTrial) prepareCLibrary();
  const running = await startProxy({
    ...settings,
    onChange: onChangeOf(options, changing.length > 0 || !!opener),
    ...(users === undefined ? {} : { users }),
    bans: bansOf(options, host),
    acceptProxy: acceptProxyOf(options),
    rules: rules.book,
    tls,
    startTls: outgoing.startTls,
    host,
  });
  const { listeners, sessions } = running;
  Object.assign(open, { sessions });
  const { protocols, "allow-private": allowPrivate } = options;
  const facts = { listeners, protocols, users: list, allowPrivate };
  const { isOpen, size } = rules.book.current;
  const count = isOpen ? undefined : size;
  const clients = tls?.clients;
  const banner = [
    ...bannerLines({ ...facts, rules: count, tls: clients }),
    ...listeners.map((listener) =>
      listeningEvent(listener, { kind: "proxy", isTls: tls !== undefined })
    ),
  ];
  const writes = options["quota-file"] !== undefined ||
    options.listen.some(isUnixPath);
  return runningServer(running, {
    banner,
    sessions,
    files: [...changing, ...outgoing.files],
    writes,
  });
}

function bansOf(options: ProxyOptions, host: ServerHost): Bans {
  const { "ban-time": time, "ban-time-max": timeMax } = options;
  if (time > timeMax) {
    throw new UsageError(
      "is longer than --ban-time-max; raise --ban-time-max",
      { option: "ban-time", others: ["ban-time-max"] },
    );
  }
  const { "ban-after": after, "ban-window": window } = options;
  const settings = {
    after,
    window: Math.round(window),
    time: Math.round(time),
    timeMax: Math.round(timeMax),
  };
  return host.keep(
    "bans",
    settings,
    (share) => share?.bans(settings) ?? new Bans(settings),
  );
}
