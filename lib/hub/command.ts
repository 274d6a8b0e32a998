/**
 * `sluice hub`: sends what one client says to all others.
 *
 * @module
 */

import { formatAddr, pathOf } from "../net/unix_socket.ts";
import { isUnixPath } from "../wire/endpoint.ts";
import { formatHostPort } from "../wire/host_port.ts";
import {
  type Announcement,
  listeningEvent,
  localHost,
} from "../serve/announcement.ts";
import { HUB_OPTIONS, type HubOptions } from "./options.ts";
import { openListenerTls } from "../serve/tls/listener.ts";
import { openTo } from "../serve/start_listeners.ts";
import { type RunningServer, runningServer } from "../serve/running_server.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { ServerHost } from "../serve/server_host.ts";
import { settingsOf } from "../cli/settings.ts";
import { type RunningHub, startHub } from "./start.ts";
import { UsageError } from "../cli/usage_error.ts";

/** The command and its options. */
export const HUB_COMMAND: ServerCommand<typeof HUB_OPTIONS> = {
  usage: "hub [LISTEN…] [OPTIONS]",
  summary:
    "Sends each message of a client to all other clients, in the same order for everyone. On an address that other machines can reach it needs --open.",
  examples: [
    [
      "sluice hub",
      "lines of text on 127.0.0.1:7000; try it with: nc 127.0.0.1 7000",
    ],
    ["sluice hub --ws 7001", "also for browsers, at http://127.0.0.1:7001/"],
    ["sluice hub --names --history 20", "a chat"],
    ["sluice hub 7000 --frame json", "JSON values, which Sluice checks"],
  ],
  options: HUB_OPTIONS,
  start,
};

async function start(
  options: HubOptions,
  host: ServerHost,
): Promise<RunningServer> {
  checkTogether(options);
  const { tls, files } = await openListenerTls(options, host);
  const running = await startHub({
    ...settingsOf(HUB_OPTIONS, options),
    ...{ tls, host },
  });
  const banner = bannerOf(running, options, tls !== undefined);
  const writes = [...options.listen, ...options.ws].some(isUnixPath);
  return runningServer(running, { banner, files, writes });
}

function checkTogether(options: HubOptions): void {
  if (options.history > options.queue) {
    throw new UsageError(
      `${options.history} messages don't fit into --queue ${options.queue}; raise --queue to ${options.history} or more`,
      { option: "history", others: ["queue"] },
    );
  }
}

function bannerOf(
  { listeners }: RunningHub,
  options: HubOptions,
  isSecure: boolean,
): Announcement[] {
  return listeners.flatMap((listener, index) => {
    const { addr, isPublic, mode } = listener;
    const isWeb = index >= options.listen.length;
    return [
      `Listening on ${formatAddr(addr)} (${
        isWeb ? "WebSocket" : options.frame
      })`,
      ...tryLine(addr, { isWeb, isSecure }, options),
      `Open to ${openTo("anyone", { isPublic, mode })}`,
      listeningEvent(listener, {
        kind: "hub",
        protocol: isWeb ? "websocket" : options.frame,
        isTls: isSecure,
      }),
    ];
  });
}

function tryLine(
  addr: Deno.NetAddr,
  { isWeb, isSecure }: { isWeb: boolean; isSecure: boolean },
  { frame }: HubOptions,
): string[] {
  const path = pathOf(addr);
  if (path !== undefined) {
    const isText = !isWeb && frame !== "length32";
    const secure = isSecure ? "--tls " : "";
    return isText ? [`Try it: sluice connect ${secure}unix:${path}`] : [];
  }
  const { hostname, port } = addr;
  const host = localHost(hostname);
  const at = formatHostPort(host, port);
  if (isWeb) return [`Look at http${isSecure ? "s" : ""}://${at}/`];
  if (frame === "length32") return [];
  return [
    isSecure
      ? `Try it: sluice connect --tls ${at}`
      : `Try it: nc ${host} ${port}`,
  ];
}
