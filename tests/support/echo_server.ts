/**
 * `sluice echo` in the test's own process.
 *
 * @module
 */

import { ECHO_OPTIONS } from "../../lib/echo/options.ts";
import { type EchoConfig, startEcho } from "../../lib/echo/start.ts";
import { prepareCLibrary } from "../../lib/net/system/c_library.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import type { RunningListeners } from "../../lib/serve/start_listeners.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";

prepareCLibrary(); // Loaded for the whole run.

/** A running echo server. Disposing of it cuts it immediately. */
export interface TestEcho extends AsyncDisposable {
  readonly server: RunningListeners;
  readonly port: number;
  /** Opens a connection to the server. */
  connect(): Promise<Deno.TcpConn>;
  /** Waits until this many connections have ended. */
  whenEnded(count: number): Promise<ConnectionEvent[]>;
  /** Messages that are not about one connection. */
  readonly messages: string[];
}

/** Starts a server on 127.0.0.1. */
export async function startTestEcho(
  config: Partial<EchoConfig> = {},
): Promise<TestEcho> {
  const ended: ConnectionEvent[] = [];
  const messages: string[] = [];
  let changed = Promise.withResolvers<void>();
  const server = await startEcho({
    ...defaultSettings(ECHO_OPTIONS),
    mode: "echo",
    listen: { host: "127.0.0.1", port: 0 },
    ...config,
    log(event) {
      if (event.event === "connection") ended.push(event);
      else if (event.event === "message") messages.push(event.message);
      changed.resolve();
      changed = Promise.withResolvers();
    },
  });
  const { port } = server.listeners[0]!.addr;
  return {
    server,
    port,
    messages,
    connect: () => Deno.connect({ hostname: "127.0.0.1", port }),
    async whenEnded(count) {
      while (ended.length < count) await changed.promise;
      return ended;
    },
    async [Symbol.asyncDispose]() {
      await server.shutdown(0);
    },
  };
}
