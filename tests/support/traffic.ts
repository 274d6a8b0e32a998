/**
 * Bytes through a tunnel to an echo server, and the end of a tunnel.
 *
 * @module
 */

import { writeAll } from "./sockets.ts";

/** Sends bytes, and takes as many back. */
export async function carry(conn: Deno.Conn, bytes: number): Promise<void> {
  await writeAll(conn, new Uint8Array(bytes));
  const buffer = new Uint8Array(64 * 1024);
  for (let count = 0; count < bytes;) {
    count += await conn.read(buffer) ?? Infinity;
  }
}

/** Waits until the other end has closed or reset; returns when that was. */
export async function whenCut(conn: Deno.Conn): Promise<number> {
  const buffer = new Uint8Array(1);
  while (await conn.read(buffer).catch(() => null) !== null);
  return performance.now();
}
