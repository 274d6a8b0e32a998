/**
 * A watched proxy in a worker of its own, started by `proxy_workers.ts`.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { ALONE } from "../../lib/serve/server_host.ts";
import { startProxy } from "../../lib/proxy/start.ts";
import { watchWorker } from "../../lib/admin/watch_worker.ts";

self.onmessage = async ({ data }: MessageEvent) => {
  const watched = await watchWorker(data);
  const proxy = await startProxy({
    listen: [{ host: "127.0.0.1", port: 0 }],
    grace: 0,
    host: { ...ALONE, registry: watched.registry },
    log: () => {},
  });
  self.postMessage(proxy.listeners[0]!.addr);
  self.onmessage = async ({ data }) => {
    if (typeof data === "number") return hang(data);
    await proxy.shutdown(0);
    self.postMessage("stopped");
  };
};

/** Blocks the thread, so that it does not answer. */
function hang(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}
