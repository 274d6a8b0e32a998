/**
 * A program with a proxy in a worker and one tunnel through it, for tests of
 * traces.
 *
 * @module
 */

import { openMeters } from "../../lib/admin/meters.ts";
import { Threads } from "../../lib/admin/threads/threads.ts";
import { startProxyWorkers } from "../support/proxy_workers.ts";
import { readExactly, startEcho, writeAll } from "../support/sockets.ts";

if (import.meta.main) await runTunnel();

async function runTunnel(): Promise<void> {
  const threads = new Threads();
  await openMeters(threads);
  await using echo = startEcho();
  const [worker] = await startProxyWorkers(threads, 1);
  const conn = await worker!.openTunnel(echo.addr);
  await writeAll(conn, "hello");
  await readExactly(conn, 5);
  conn.close();
  const hasEnded = async () =>
    (await threads.figures()).listeners[0]!.connections.length > 0;
  while (!await hasEnded()) await turn();
  // Metrics are exported repeatedly; the test reports when it has seen them.
  await Deno.stdin.read(new Uint8Array(1));
  await worker!.stop();
  await worker!.remove();
  worker![Symbol.dispose]();
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}
