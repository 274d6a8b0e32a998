/**
 * A proxy in the test's own process, and raw clients.
 *
 * @module
 */

import { PROXY_OPTIONS } from "../../lib/proxy/options.ts";
import {
  type Proxy,
  type ProxyConfig,
  startProxy as start,
} from "../../lib/proxy/start.ts";
import type { ConnectionEvent } from "../../lib/observe/log_event.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";
import { defaultSettings } from "../../lib/cli/settings.ts";
import { type SomeSettings, withDefaults } from "./default_settings.ts";
import { readExactly, writeAll } from "./sockets.ts";

/** A running proxy. Disposing of it cuts it immediately. */
export interface TestProxy extends AsyncDisposable {
  readonly proxy: Proxy;
  /** Address of its first listener. */
  readonly addr: Deno.NetAddr;
  /** Ended connections, in order. */
  readonly ended: ConnectionEvent[];
  /** Waits until this many connections have ended. */
  whenEnded(count: number): Promise<ConnectionEvent[]>;
  /** Opens a connection to the proxy. */
  connect(): Promise<Deno.TcpConn>;
}

/** Settings of a proxy; those that are left out have their defaults. */
export type SomeProxyConfig = SomeSettings<ProxyConfig>;

/** Starts a proxy with these settings; its permissions can't change. */
export function startProxy(config: SomeProxyConfig): Promise<Proxy> {
  const settings = defaultSettings(PROXY_OPTIONS);
  const defaults: ProxyConfig = { ...settings, onChange: "keep" };
  return start(withDefaults(defaults, config));
}

/** Starts a proxy on 127.0.0.1, or on the configured address. */
export async function startTestProxy(
  config: SomeProxyConfig = {},
): Promise<TestProxy> {
  const ended: ConnectionEvent[] = [];
  let changed = Promise.withResolvers<void>();
  const proxy = await startProxy({
    listen: [{ host: "127.0.0.1", port: 0 }],
    grace: 0,
    ...config,
    log(event) {
      config.log?.(event);
      if (event.event !== "connection") return;
      ended.push(event);
      changed.resolve();
      changed = Promise.withResolvers();
    },
  });
  const { addr } = proxy.listeners[0]!;
  return {
    proxy,
    addr,
    ended,
    async whenEnded(count) {
      while (ended.length < count) await changed.promise;
      return ended;
    },
    connect: () => Deno.connect({ hostname: addr.hostname, port: addr.port }),
    async [Symbol.asyncDispose]() {
      await proxy.shutdown(0);
    },
  };
}

/** The greeting of a client without credentials. */
export const GREETING = [5, 1, 0];

/**
 * A request as bytes (RFC 1928 §4). An address as text is sent as an address.
 * It is written out here, because Sluice's encoder could hide the parser's
 * faults.
 *
 * @param command 1 is CONNECT, 2 is BIND, 3 is UDP ASSOCIATE.
 */
export function socks5Request(
  command: number,
  host: string,
  port: number,
): Uint8Array<ArrayBuffer> {
  const ip = parseIpAddress(host);
  const address = ip === undefined
    ? [3, host.length, ...new TextEncoder().encode(host)]
    : [ip.length === 4 ? 1 : 4, ...ip];
  return Uint8Array.of(5, command, 0, ...address, port >> 8, port & 0xff);
}

/** A CONNECT request as bytes. An address as text is sent as an address. */
export function connectRequest(
  host: string,
  port: number,
): Uint8Array<ArrayBuffer> {
  return socks5Request(1, host, port);
}

/** Greets without credentials and reads the method. */
export async function greet(conn: Deno.Conn): Promise<void> {
  await writeAll(conn, GREETING);
  const [version, method] = await readExactly(conn, 2);
  if (version !== 5 || method !== 0) throw new Error(`Method ${method}`);
}

/** Reads a whole reply. */
export async function readReply(
  conn: Deno.Conn,
): Promise<{ reply: number; bytes: Uint8Array }> {
  const head = await readExactly(conn, 4);
  const rest = await readExactly(conn, (head[3] === 4 ? 16 : 4) + 2);
  return { reply: head[1]!, bytes: new Uint8Array([...head, ...rest]) };
}

/**
 * Opens a tunnel through a proxy.
 *
 * @throws {Error} If the proxy refuses; the message ends with the reply code.
 */
export async function openTunnel(
  proxy: Pick<TestProxy, "connect">,
  target: Deno.NetAddr | { hostname: string; port: number },
): Promise<Deno.TcpConn> {
  const conn = await proxy.connect();
  try {
    await greet(conn);
    await writeAll(conn, connectRequest(target.hostname, target.port));
    const { reply } = await readReply(conn);
    if (reply !== 0) throw new Error(`Refused with ${reply}`);
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}
