/**
 * `sluice forward`: a relay to fixed upstreams.
 *
 * @module
 */

import { prepareCLibrary } from "../net/system/c_library.ts";
import type { PoolFigures } from "../net/pool/figures.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { isUnixPath } from "../wire/endpoint.ts";
import { acceptProxyOf } from "../serve/options/accept_proxy.ts";
import { forwardBanner } from "./banner.ts";
import { FORWARD_OPTIONS, type ForwardOptions } from "./options.ts";
import { upstreamsIn } from "./routes.ts";
import { onChangeOf } from "../serve/options/rules.ts";
import { openRules } from "../serve/target/open_rules.ts";
import { FORWARD_WORDS } from "./rules.ts";
import { openListenerTls } from "../serve/tls/listener.ts";
import { needsTls } from "../serve/target/open_parents.ts";
import { openOutgoingTls } from "../serve/tls/outgoing.ts";
import { type RunningServer, runningServer } from "../serve/running_server.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { ServerHost } from "../serve/server_host.ts";
import { settingsOf } from "../cli/settings.ts";
import { type RunningRelay, startForward } from "./start.ts";

/** The command as the command line sees it. */
export const FORWARD_COMMAND: ServerCommand<typeof FORWARD_OPTIONS> = {
  usage: "forward [OPTIONS] LISTEN UPSTREAM…",
  summary:
    "Relays TCP connections to fixed upstreams. It can keep connections ready, and goes on to the next upstream when one is down.",
  examples: [
    ["sluice forward 8848 127.0.0.1:8849", "one upstream"],
    ["sluice forward :5432=10.0.0.5:5432 :6379=10.0.0.6:6379", "several pairs"],
    [
      "sluice forward --pool ahead --pool-size 16 8848 far.example:80",
      "with 16 connections ready",
    ],
    [
      "sluice forward --check-interval 5s 8848 a:80,weight=3 b:80 c:80,backup",
      "three upstreams with shares; c only when the others are down",
    ],
  ],
  options: FORWARD_OPTIONS,
  start,
};

async function start(
  options: ForwardOptions,
  host: ServerHost,
): Promise<RunningServer> {
  const { "tls-alpn": protocols } = options;
  const { files: opener, log } = host;
  const open: Pick<RunningRelay, "sessions"> = {};
  const onChange = () => void open.sessions?.review();
  const rules = await openRules(options, log, {
    ...{ files: opener, onChange, words: FORWARD_WORDS },
  });
  const { tls, files } = await openListenerTls(options, {
    ...Array.isArray(protocols) ? { protocols } : {},
    ...{ log, files: opener, onChange },
  });
  const isRuled = options.rule.length > 0 || options.rules !== undefined;
  const changing = [...rules.files, ...files];
  const settings = settingsOf(FORWARD_OPTIONS, options);
  const isTls = needsTls(settings.parents) ||
    upstreamsIn(options.routes, options.sni).some(({ isTls }) => isTls);
  const outgoing = await openOutgoingTls(options, isTls, host);
  const { startTls } = outgoing;
  // Needs a permission that the server drops next.
  if (!host.isTrial) prepareCLibrary();
  const relay = await startForward({
    ...settings,
    acceptProxy: acceptProxyOf(options),
    ...isRuled ? { rules: rules.book } : {},
    onChange: onChangeOf(options, changing.length > 0 || !!opener),
    ...{ tls, startTls, host },
  });
  const { sessions } = relay;
  Object.assign(open, { sessions });
  const running = options.pool === "off"
    ? relay
    : loggingPools(relay, host.log);
  return runningServer(running, {
    banner: forwardBanner({
      ...settings,
      listeners: relay.listeners,
      isTls: tls !== undefined,
      upstreamName: options["upstream-name"],
    }),
    sessions,
    files: [...changing, ...outgoing.files],
    // Deno requires it for Unix sockets, even to connect.
    writes: options["quota-file"] !== undefined ||
      options.routes.some(({ listen, upstreams }) =>
        [listen, ...upstreams.map(({ endpoint }) => endpoint)]
          .some(isUnixPath)
      ),
  });
}

/** Logs the figures of the pools at the end. */
function loggingPools(
  relay: RunningRelay,
  log: (event: LogEvent) => void,
): RunningRelay {
  const { shutdown } = relay;
  return Object.assign(relay, {
    async shutdown(deadline: number) {
      const cut = await shutdown(deadline);
      for (const [upstream, figures] of relay.pools()) {
        const message = `Pool of ${upstream}: ${describeFigures(figures)}`;
        log(messageEvent("info", "pool-figures", message));
      }
      return cut;
    },
  });
}

function describeFigures(
  { hits, misses, opened, evicted }: PoolFigures,
): string {
  const given = Object.entries(evicted)
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `${count} ${why}`);
  const evictions = given.length === 0 ? "none discarded" : given.join(", ");
  return `${hits} ready, ${misses} not, ${opened} opened, ${evictions}`;
}
