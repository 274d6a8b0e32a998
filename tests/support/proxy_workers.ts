/**
 * Proxies in workers, as threads of the test's own program.
 *
 * @module
 */

import type { Threads } from "../../lib/admin/threads/threads.ts";
import {
  OtherThread,
  type OtherThreadOptions,
} from "../../lib/admin/threads/other.ts";
import { SharedCounter } from "../../lib/sync/shared/counter.ts";
import { askOver } from "./threads.ts";
import { connectRequest, greet, readReply } from "./proxy.ts";
import { within, writeAll } from "./sockets.ts";

/** Milliseconds for a worker's start, which begins with a type check. */
const PATIENCE = 60_000;

/** A proxy in a worker. Disposing of it ends it immediately, like a crash. */
export interface ProxyWorker extends Disposable {
  readonly thread: OtherThread;
  /** Listening address. */
  readonly addr: Deno.NetAddr;
  /** Removes the thread. */
  readonly remove: () => Promise<void>;
  /**
   * Blocks its answers; resolves once blocked, with a function that ends it.
   */
  hang(): Promise<() => void>;
  /** Ends its proxy cleanly; it still answers. */
  stop(): Promise<void>;
  /** Opens a tunnel through it. */
  openTunnel(to: Deno.NetAddr): Promise<Deno.TcpConn>;
}

/** Options for {@linkcode startProxyWorkers}. */
export interface ProxyWorkerOptions {
  /** Milliseconds for each worker's answer (default 2,000). */
  timeouts?: number[];
}

/** Starts proxies in workers that number their connections with one counter. */
export async function startProxyWorkers(
  threads: Threads,
  count: number,
  options: ProxyWorkerOptions = {},
): Promise<ProxyWorker[]> {
  const counter = new SharedCounter();
  const workers: ProxyWorker[] = [];
  // One after another, so that the first one's type check serves all.
  for (let worker = 1; worker <= count; worker++) {
    const timeout = options.timeouts?.[worker - 1];
    workers.push(
      await start(threads, counter, {
        worker,
        ...(timeout === undefined ? {} : { timeout }),
      }),
    );
  }
  return workers;
}

async function start(
  threads: Threads,
  counter: SharedCounter,
  options: OtherThreadOptions,
): Promise<ProxyWorker> {
  const url = new URL("./proxy_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const started = Promise.withResolvers<Deno.NetAddr>();
  worker.onmessage = ({ data }) => started.resolve(data);
  worker.postMessage({
    port: port2,
    watch: { ids: counter.memory, isTimed: true },
  }, [port2]);
  const addr = await within(PATIENCE, started.promise);
  const thread = new OtherThread(askOver(port1), options);

  /** Sends a message, and waits for the worker's confirmation. */
  async function tell(message: unknown): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.onmessage = () => resolve();
    worker.postMessage(message);
    await within(PATIENCE, promise);
  }

  return {
    thread,
    addr,
    remove: threads.add(thread),
    async hang() {
      const memory = new SharedArrayBuffer(4);
      await tell(memory);
      return () => {
        const word = new Int32Array(memory);
        Atomics.store(word, 0, 1);
        Atomics.notify(word, 0);
      };
    },
    stop: () => tell("stop"),
    async openTunnel(to) {
      const { hostname, port } = addr;
      const conn = await Deno.connect({ hostname, port });
      try {
        await greet(conn);
        await writeAll(conn, connectRequest(to.hostname, to.port));
        const { reply } = await readReply(conn);
        if (reply !== 0) throw new Error(`Refused with ${reply}`);
        return conn;
      } catch (error) {
        conn.close();
        throw error;
      }
    },
    [Symbol.dispose]() {
      thread.close();
      port1.close();
      worker.terminate();
    },
  };
}
