/**
 * BIND from the client's side, in both protocols.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { formatIpAddress } from "../../lib/wire/ip_address.ts";
import { type Bytes, join, refusal } from "./dialogue.ts";
import { GREETING, readReply, socks5Request, type TestProxy } from "./proxy.ts";
import { REJECTED, socks4Request } from "./socks4.ts";
import { readExactly, within, writeAll } from "./sockets.ts";

/** A protocol with BIND. */
export interface BindForm {
  name: string;
  /** All messages of a client. An address as text is sent as an address. */
  say: (host: string, port: number) => Bytes;
  /** The proxy's bytes before its first reply. */
  hear: number[];
  /** Reads a reply and requires success. */
  readBound: (conn: Deno.Conn) => Promise<Deno.NetAddr>;
  /** A refusal, given by SOCKS5's reply code. */
  refusal: (reply: number) => Bytes;
}

/** BIND in SOCKS5 (RFC 1928 §4). */
export const SOCKS5: BindForm = {
  name: "SOCKS5",
  say: (host, port) =>
    join(
      GREETING,
      socks5Request(2, host, port),
    ),
  hear: [5, 0],
  async readBound(conn) {
    const { reply, bytes } = await within(5_000, readReply(conn));
    assertEquals(reply, 0);
    const ip = bytes.subarray(4, -2);
    const [high, low] = bytes.subarray(-2);
    return address(ip, high! << 8 | low!);
  },
  refusal,
};

/** BIND in SOCKS4 (§2). */
export const SOCKS4: BindForm = {
  name: "SOCKS4",
  say: (host, port) => socks4Request(host, port, { command: 2 }),
  hear: [],
  async readBound(conn) {
    const bytes = await within(5_000, readExactly(conn, 8));
    assertEquals([...bytes.subarray(0, 2)], [0, 90]);
    return address(bytes.subarray(4), bytes[2]! << 8 | bytes[3]!);
  },
  refusal: () => REJECTED,
};

/** Both protocols. */
export const BIND_FORMS: readonly BindForm[] = [SOCKS5, SOCKS4];

/** A client that is waiting for its peer. */
export interface Waiting extends Disposable {
  /** The client's connection, after its first reply. */
  conn: Deno.TcpConn;
  /** The address for its peer to connect to. */
  bound: Deno.NetAddr;
}

/** Sends a BIND request and reads the first reply. */
export async function startBind(
  proxy: TestProxy,
  form: BindForm,
  host = "127.0.0.1",
  port = 20,
): Promise<Waiting> {
  const conn = await proxy.connect();
  try {
    await writeAll(conn, form.say(host, port));
    const heard = await within(5_000, readExactly(conn, form.hear.length));
    assertEquals([...heard], form.hear);
    const bound = await form.readBound(conn);
    return { conn, bound, [Symbol.dispose]: () => conn[Symbol.dispose]() };
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** Connects as the peer. */
export function connectTo(
  { hostname, port }: Deno.NetAddr,
): Promise<Deno.TcpConn> {
  return Deno.connect({ hostname, port });
}

function address(ip: Uint8Array, port: number): Deno.NetAddr {
  return { transport: "tcp", hostname: formatIpAddress(ip), port };
}
