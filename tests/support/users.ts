/**
 * Users, and clients that try their passwords.
 *
 * @module
 */

import {
  formatPasswordHash,
  hashPassword,
} from "../../lib/policy/users/password_hash.ts";
import type { HashedUser } from "../../lib/policy/users/users.ts";
import { credentials, join, readToEof } from "./dialogue.ts";
import { connectRequest, readReply } from "./proxy.ts";
import { readExactly, within, writeAll } from "./sockets.ts";

/** A user with a cheap hash. */
export async function hashedUser(
  name: string,
  password: string,
): Promise<HashedUser> {
  const bytes = new TextEncoder().encode(password);
  const hash = await hashPassword(bytes, { ln: 1, r: 1, p: 1 });
  return { name, hash: formatPasswordHash(hash) };
}

/** A user's line in a users file. */
export function lineOf({ name, hash }: HashedUser): string {
  return `${name}:${hash}\n`;
}

/** Logs in over SOCKS5, and returns the status; 0 means success. */
export async function tryPassword(
  conn: Deno.TcpConn,
  name: string,
  password: string,
): Promise<number> {
  await writeAll(conn, join([5, 1, 2], credentials(name, password)));
  const answer = await within(10_000, readExactly(conn, 4));
  if (answer.subarray(0, 3).join() !== "5,2,1") {
    throw new Error(`Answered with ${answer}`);
  }
  if (answer[3] !== 0) await within(5_000, readToEof(conn));
  return answer[3]!;
}

/** Logs in and requests a tunnel; returns the reply. */
export async function askTunnel(
  conn: Deno.TcpConn,
  { hostname, port }: { hostname: string; port: number },
): Promise<number> {
  await writeAll(conn, connectRequest(hostname, port));
  return (await within(5_000, readReply(conn))).reply;
}
