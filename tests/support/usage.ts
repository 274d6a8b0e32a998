/**
 * Clients of a proxy with users.
 *
 * @module
 */

import { credentials, join } from "./dialogue.ts";
import { connectRequest, readReply, type TestProxy } from "./proxy.ts";
import { readExactly, within, writeAll } from "./sockets.ts";

/** Test users; each password equals the name. */
export const USERS = ["alice", "bob"].map((name) => ({ name, password: name }));

/** A user's SOCKS5 messages for a connection. */
export function userDialogue(
  name: string,
  { hostname, port }: { hostname: string; port: number },
): Uint8Array<ArrayBuffer> {
  return join(
    [5, 1, 2],
    credentials(name, name),
    connectRequest(hostname, port),
  );
}

/** Requests a tunnel; returns the reply code too. */
export async function askTunnel(
  proxy: TestProxy,
  name: string,
  target: { hostname: string; port: number },
): Promise<{ conn: Deno.TcpConn; reply: number }> {
  const conn = await proxy.connect();
  await writeAll(conn, userDialogue(name, target));
  await within(5_000, readExactly(conn, 4));
  const { reply } = await within(5_000, readReply(conn));
  return { conn, reply };
}

/** A user's GET request, in absolute form. */
export function userRequest(
  name: string,
  { addr }: { addr: Deno.NetAddr },
): string {
  const at = `${addr.hostname}:${addr.port}`;
  const token = btoa(`${name}:${name}`);
  return `GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nProxy-Authorization: Basic ${token}\r\n\r\n`;
}
