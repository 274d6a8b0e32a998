/**
 * `sluice echo`: a test server.
 *
 * @module
 */

import { formatAddr } from "../net/unix_socket.ts";
import { isUnixPath } from "../wire/endpoint.ts";
import type { ListenerTls } from "../serve/tls/over_tls.ts";
import { listeningEvent, localHost } from "../serve/announcement.ts";
import {
  checkTogether,
  ECHO_OPTIONS,
  type EchoOptions,
  modeOf,
} from "./options.ts";
import { openListenerTls } from "../serve/tls/listener.ts";
import { type RunningServer, runningServer } from "../serve/running_server.ts";
import type { ServerCommand } from "../serve/server_command.ts";
import type { ServerHost } from "../serve/server_host.ts";
import { settingsOf } from "../cli/settings.ts";
import { startEcho } from "./start.ts";
import type { ListenerInfo } from "../serve/start_listeners.ts";

/** The command and its options. */
export const ECHO_COMMAND: ServerCommand<typeof ECHO_OPTIONS> = {
  usage: "echo [OPTIONS] [LISTEN]",
  summary:
    "Sends back what it reads, byte for byte, on 127.0.0.1:8080 or on LISTEN. Options make it slow, silent, talkative or make it break off: a target for tests.",
  examples: [
    ["sluice echo", "then: sluice connect 127.0.0.1:8080"],
    [
      "sluice echo :9000 --delay 200ms",
      "on all addresses, as slow as a distant network",
    ],
    ["sluice echo --chargen --close-after 1000000", "a megabyte to download"],
    ["sluice echo --reset-after 100", "a server that breaks in the middle"],
    ["sluice echo --udp", "datagrams too, on the same port"],
  ],
  options: ECHO_OPTIONS,
  start,
};

async function start(
  options: EchoOptions,
  host: ServerHost,
): Promise<RunningServer> {
  checkTogether(options);
  const { tls, files } = await openListenerTls(options, host);
  const running = await startEcho({
    ...settingsOf(ECHO_OPTIONS, options),
    mode: modeOf(options),
    ...{ tls, host },
  });
  const listener = running.listeners[0]!;
  const banner = [
    ...bannerLines(listener, options, tls),
    listeningEvent(listener, { kind: "echo", isTls: tls !== undefined }),
  ];
  const writes = isUnixPath(options.listen);
  return runningServer(running, { banner, files, writes });
}

function bannerLines(
  { addr }: ListenerInfo,
  options: EchoOptions,
  tls: ListenerTls | undefined,
): string[] {
  const at = formatAddr(addr);
  const stream = tls === undefined ? "TCP" : "TLS";
  const transport = options.udp ? `${stream} and UDP` : stream;
  const local = formatAddr({ ...addr, hostname: localHost(addr.hostname) });
  return [
    `Listening on ${at} (${modeOf(options)}, ${transport})`,
    `Try it: sluice connect ${tls === undefined ? "" : "--tls "}${local}`,
  ];
}
