/**
 * A relay in the test's own process, and upstreams whose connections the test
 * controls.
 *
 * @module
 */

import { assert } from "@std/assert";
import { FORWARD_OPTIONS } from "../../lib/forward/options.ts";
import {
  type ForwardConfig,
  type RunningRelay,
  startForward as start,
} from "../../lib/forward/start.ts";
import type { UpstreamConfig } from "../../lib/serve/target/route.ts";
import type { PoolMode } from "../../lib/net/pool/pool.ts";
import type { PoolFigures } from "../../lib/net/pool/figures.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import type { Endpoint } from "../../lib/wire/endpoint.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import { type SomeSettings, withDefaults } from "./default_settings.ts";
import { eventually } from "./dialogue.ts";
import { listenAgain } from "./free_port.ts";
import { readExactly, within, writeAll } from "./sockets.ts";

/** A running relay. Disposing of it cuts it immediately. */
export interface TestForward extends AsyncDisposable {
  readonly relay: RunningRelay;
  /** Address of its first listener. */
  readonly addr: Deno.NetAddr;
  /** Counts of its first upstream's pool. */
  readonly figures: PoolFigures;
  /** Ended connections, in order. */
  readonly ended: ConnectionEvent[];
  /** Messages that are not about one connection. */
  readonly messages: string[];
  /** Waits until this many connections have ended. */
  whenEnded(count: number): Promise<ConnectionEvent[]>;
  /** Opens a connection to the relay. */
  connect(): Promise<Deno.TcpConn>;
  /** Waits until this many connections are parked at the first upstream. */
  parked(count: number): Promise<void>;
}

/** Settings of a relay; those that are left out have their defaults. */
export type SomeForwardConfig = SomeSettings<ForwardConfig>;

/** Starts a relay with these settings; its permissions can't change. */
export function startForward(config: SomeForwardConfig): Promise<RunningRelay> {
  const { routes: _routes, ...table } = FORWARD_OPTIONS;
  const settings = { ...defaultSettings(table), routes: [] };
  const defaults: ForwardConfig = { ...settings, onChange: "keep" };
  return start(withDefaults(defaults, config));
}

/** Starts a relay on 127.0.0.1, or on the configured address. */
export async function startTestForward(
  upstreams: readonly UpstreamConfig[],
  config: SomeForwardConfig = {},
): Promise<TestForward> {
  const ended: ConnectionEvent[] = [];
  const messages: string[] = [];
  let changed = Promise.withResolvers<void>();
  const relay = await startForward({
    routes: [{
      listen: { host: "127.0.0.1", port: 0 },
      upstreams: [...upstreams],
    }],
    ...config,
    log(event) {
      config.log?.(event);
      if (event.event === "message") messages.push(event.message);
      if (event.event === "connection") ended.push(event);
      changed.resolve();
      changed = Promise.withResolvers();
    },
  });
  const { addr } = relay.listeners[0]!;
  const figures = () => relay.pools()[0]![1];
  return {
    relay,
    addr,
    ended,
    messages,
    get figures() {
      return figures();
    },
    async whenEnded(count) {
      while (ended.length < count) await within(10_000, changed.promise);
      return ended;
    },
    connect: () => Deno.connect({ hostname: addr.hostname, port: addr.port }),
    async parked(count) {
      assert(
        await eventually(() => figures().idle === count),
        `${figures().idle} parked, not ${count}`,
      );
    },
    async [Symbol.asyncDispose]() {
      await relay.shutdown(0);
    },
  };
}

/** An upstream's configuration. */
export function upstreamAt(
  where: Endpoint | { hostname: string; port: number },
  settings: Partial<UpstreamConfig> = {},
): UpstreamConfig {
  const endpoint = "hostname" in where
    ? { host: where.hostname, port: where.port }
    : where;
  return { endpoint, weight: 1, isBackup: false, isTls: false, ...settings };
}

/** A pool's configuration. */
export function pooled(
  mode: PoolMode,
  size = 1,
  { pool, ...more }: SomeForwardConfig = {},
): SomeForwardConfig {
  // A short settling time, because tests wait for it after each client.
  return { poolSettle: 20, ...more, pool: { mode, size, ...pool } };
}

/** Sends bytes and reads an answer of known length. */
export async function ask(
  conn: Deno.Conn,
  question: string,
  length: number,
): Promise<string> {
  await writeAll(conn, question);
  return await answer(conn, length);
}

/** Reads this many bytes as text. */
export async function answer(conn: Deno.Conn, length: number): Promise<string> {
  const bytes = await within(5_000, readExactly(conn, length));
  return new TextDecoder().decode(bytes);
}

/** An upstream whose connections the test controls. */
export interface HandUpstream extends AsyncDisposable {
  readonly addr: Deno.NetAddr;
  /** Accepted connections, in order. */
  readonly conns: Deno.TcpConn[];
  /** Waits for the connection with this number, from 0. */
  conn(index: number): Promise<Deno.TcpConn>;
  /** Stops listening and closes all connections. */
  stop(): Promise<void>;
}

/** Listens, and accepts every connection. */
export function startHandUpstream(port = 0): HandUpstream {
  const listener = listenAgain({ hostname: "127.0.0.1", port });
  const conns: Deno.TcpConn[] = [];
  let isOpen = true;
  const accepting = (async () => {
    for await (const conn of listener) conns.push(conn);
  })();
  async function stop(): Promise<void> {
    if (!isOpen) return;
    isOpen = false;
    listener.close();
    await accepting;
    for (const conn of conns) conn[Symbol.dispose]();
  }
  return {
    addr: listener.addr,
    conns,
    async conn(index) {
      assert(await eventually(() => conns.length > index), `No ${index}`);
      return conns[index]!;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
