/**
 * The program with a leak of each kind, to test the detection of leaks.
 *
 * @module
 */

import { main } from "../../lib/program/cli.ts";

const connect = Deno.connect;
const kept: unknown[] = [];

async function connectAndLeak(
  options: Deno.ConnectOptions,
): Promise<Deno.TcpConn> {
  const conn = await connect(options);
  kept.push(new Array(1_000).fill(0));
  setTimeout(() => {}, 1e8);
  if (kept.length % 20 === 0) kept.push(Deno.openSync("/dev/null"));
  return conn;
}

Deno.connect = connectAndLeak as typeof Deno.connect;
if (import.meta.main) Deno.exit(await main(Deno.args));
