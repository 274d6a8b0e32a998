/**
 * The proxy of a command: it listens inside the fence and dials from outside.
 *
 * @module
 */

import { defaultSettings } from "../cli/settings.ts";
import type { Listener } from "../net/listen.ts";
import { adoptListener } from "../net/system/adopt_listener.ts";
import { unixAddr } from "../net/unix_socket.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { PROXY_OPTIONS } from "../proxy/options.ts";
import { type ProxyConfig, startProxy } from "../proxy/start.ts";
import { ALONE } from "../serve/server_host.ts";
import type { HostPort } from "../wire/host_port.ts";
import type { Endpoint } from "../wire/endpoint.ts";

/** Settings of the proxy. */
export interface CommandProxyPlan
  extends Pick<ProxyConfig, "checkNames" | "guarded" | "names" | "rules"> {
  /** Ports that lead to one target each. */
  targets: readonly { port: number; target: HostPort }[];
  /** Receives log events. */
  log: (event: LogEvent) => void;
}

/** A running proxy. */
export interface CommandProxy {
  /** Its port on loopback, if there is no fence. */
  readonly port: number;
  /** Stops it and waits until every connection is logged. */
  close(): Promise<void>;
}

/** Milliseconds until open connections are cut after the command has ended. */
const PATIENCE = 100;

/**
 * Starts the proxy.
 *
 * @param plan Its settings.
 * @param listeners Descriptors of the sockets that listen inside a fence: the
 *   proxy's first, then one for each target. Without a fence the proxy takes a
 *   free port on loopback, and each target its configured port.
 * @throws {StartError} If a port is in use (without a fence).
 */
export async function startCommandProxy(
  { log, targets, ...config }: CommandProxyPlan,
  listeners?: readonly number[],
): Promise<CommandProxy> {
  const inside = listeners?.map((descriptor, index) =>
    namedListener(adoptListener(descriptor), placeOf(index))
  );
  const here = (port: number) => ({ host: "127.0.0.1", port });
  const listen: Endpoint[] = inside === undefined
    ? [here(0), ...targets.map(({ port }) => here(port))]
    : inside.map((_, index) => ({ path: placeOf(index) }));
  const running = await startProxy({
    ...defaultSettings(PROXY_OPTIONS),
    onChange: "keep",
    ...config,
    listen,
    targets: [undefined, ...targets.map(({ target }) => target)],
    host: {
      ...ALONE,
      log,
      ...inside && { open: () => Promise.resolve(inside.shift()!) },
    },
  });
  return {
    port: running.listeners[0]!.addr.port,
    async close() {
      await running.shutdown(PATIENCE);
    },
  };
}

/** A name instead of an address: ports inside are not ports of this machine. */
function placeOf(index: number): string {
  return `fence:${index}`;
}

/** A listener inside, under a name that no other listener has. */
function namedListener(listener: Listener, place: string): Listener {
  return {
    addr: unixAddr(place),
    accept: () => listener.accept(),
    [Symbol.dispose]: () => listener[Symbol.dispose](),
  };
}
