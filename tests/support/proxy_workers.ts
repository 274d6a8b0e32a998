/**
 * Proxies in workers, as parts of the test's own program.
 *
 * @module
 */

import type { Parts } from "../../lib/admin/parts.ts";
import {
  RemotePart,
  type RemotePartOptions,
} from "../../lib/admin/remote_part.ts";
import { SharedCounter } from "../../lib/sync/shared/counter.ts";
import { connectRequest, greet, readReply } from "./proxy.ts";
import { within, writeAll } from "./sockets.ts";

/** Milliseconds for a worker's start, which begins with a type check. */
const PATIENCE = 60_000;

/** A proxy in a worker. Disposing of it ends it immediately, like a crash. */
export interface ProxyWorker extends Disposable {
  readonly part: RemotePart;
  /** Listening address. */
  readonly addr: Deno.NetAddr;
  /** Removes the part. */
  readonly remove: () => Promise<void>;
  /** Blocks its answers for this many milliseconds. */
  hang(milliseconds: number): void;
  /** Ends its proxy cleanly; it still answers. */
  stop(): Promise<void>;
  /** Opens a tunnel through it. */
  openTunnel(to: Deno.NetAddr): Promise<Deno.TcpConn>;
}

/** Options for {@linkcode startProxyWorkers}. */
export interface ProxyWorkerOptions {
  /** Milliseconds for an answer (default 2,000). */
  timeout?: number;
}

/** Starts proxies in workers that number their connections with one counter. */
export async function startProxyWorkers(
  parts: Parts,
  count: number,
  options: ProxyWorkerOptions = {},
): Promise<ProxyWorker[]> {
  const counter = new SharedCounter();
  const workers: ProxyWorker[] = [];
  // One after another, so that the first one's type check serves all.
  for (let worker = 1; worker <= count; worker++) {
    workers.push(await start(parts, counter, { worker, ...options }));
  }
  return workers;
}

async function start(
  parts: Parts,
  counter: SharedCounter,
  options: RemotePartOptions,
): Promise<ProxyWorker> {
  const url = new URL("./proxy_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const started = Promise.withResolvers<Deno.NetAddr>();
  worker.onmessage = ({ data }) => started.resolve(data);
  worker.postMessage({ port: port2, ids: counter.memory }, [port2]);
  const addr = await within(PATIENCE, started.promise);
  const part = new RemotePart(port1, options);
  return {
    part,
    addr,
    remove: parts.add(part),
    hang: (milliseconds) => worker.postMessage(milliseconds),
    async stop() {
      const { promise, resolve } = Promise.withResolvers<void>();
      worker.onmessage = () => resolve();
      worker.postMessage("stop");
      await promise;
    },
    async openTunnel(to) {
      const { hostname, port } = addr;
      const conn = await Deno.connect({ hostname, port });
      await greet(conn);
      await writeAll(conn, connectRequest(to.hostname, to.port));
      const { reply } = await readReply(conn);
      if (reply !== 0) throw new Error(`Refused with ${reply}`);
      return conn;
    },
    [Symbol.dispose]() {
      part.close();
      worker.terminate();
    },
  };
}
