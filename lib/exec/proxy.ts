/**
 * The proxy of a command: it listens where the command is, and dials from where
 * Sluice is.
 *
 * @module
 */

import type { NameConfig } from "../serve/target/open_names.ts";
import type { Connection } from "../net/connection.ts";
import type { Listener } from "../net/listen.ts";
import { adoptListener } from "../net/system/adopt_listener.ts";
import { unixAddr } from "../net/unix_socket.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { Rules } from "../policy/rules/rules.ts";
import type { NameChecking } from "../proxy/options.ts";
import { startProxy } from "../proxy/start.ts";
import { ALONE } from "../serve/server_host.ts";
import type { HostPort } from "../wire/host_port.ts";
import type { Endpoint } from "../wire/endpoint.ts";

/** What the proxy is to be. */
export interface CommandProxyConfig {
  /**
   * Descriptors that listen inside a fence: the proxy's first, then one for each
   * target. `undefined` is no fence: the proxy chooses a free port of loopback,
   * and each target has its own.
   */
  listeners: readonly number[] | undefined;
  /** Where ports lead that are no proxy. */
  targets: readonly { port: number; target: HostPort }[];
  /** Who may go where. */
  rules: Rules;
  /** Whether the address guard holds. */
  isGuarded: boolean;
  /** What is done about the names that connections show. */
  checkNames: NameChecking;
  /** How names are resolved. */
  names: NameConfig;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
}

/** The same before it is known where it listens. */
export type CommandProxyPlan = Omit<CommandProxyConfig, "listeners">;

/** A proxy that is running. */
export interface CommandProxy {
  /** Its port, for a command without a fence. */
  readonly port: number;
  /** Stops it and waits until every connection is logged. */
  close(): Promise<void>;
}

/** Milliseconds that connections of a command that has ended get to end too. */
const PATIENCE = 100;

/**
 * Starts the proxy.
 *
 * @param config What it is to be.
 * @returns The running proxy.
 * @throws {StartError} If a port of the machine is taken, without a fence.
 */
export async function startCommandProxy(
  config: CommandProxyConfig,
): Promise<CommandProxy> {
  const { checkNames, isGuarded, listeners, log, names } = config;
  const { rules, targets } = config;
  const inside = listeners?.map((descriptor, index) =>
    new InnerListener(adoptListener(descriptor), placeOf(index))
  );
  const here = (port: number) => ({ host: "127.0.0.1", port });
  const listen: Endpoint[] = inside === undefined
    ? [here(0), ...targets.map(({ port }) => here(port))]
    : inside.map((_, index) => ({ path: placeOf(index) }));
  const running = await startProxy({
    listen,
    targets: [undefined, ...targets.map(({ target }) => target)],
    rules: { current: rules },
    guarded: isGuarded,
    checkNames,
    names,
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

/** No address of this machine: the ports inside are not the ports here. */
function placeOf(index: number): string {
  return `fence:${index}`;
}

/** A listener inside, by a name that no listener of this machine has. */
class InnerListener implements Listener {
  readonly addr: Deno.NetAddr;
  readonly #listener: Listener;

  constructor(listener: Listener, place: string) {
    this.#listener = listener;
    this.addr = unixAddr(place);
  }

  accept(): Promise<Connection> {
    return this.#listener.accept();
  }

  [Symbol.dispose](): void {
    this.#listener[Symbol.dispose]();
  }
}
