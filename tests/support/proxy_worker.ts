/**
 * A watched proxy in a worker of its own, started by `proxy_workers.ts`.
 *
 * @module
 */

/// <reference lib="deno.worker" />

import { ALONE } from "../../lib/serve/server_host.ts";
import { watchThread } from "../../lib/admin/threads/watch.ts";
import { ThreadLink } from "../../lib/sync/thread_link.ts";
import { startProxy } from "./proxy.ts";

self.onmessage = async ({ data }: MessageEvent) => {
  const watched = await watchThread(data.watch);
  new ThreadLink(data.port, { answer: watched.answer });
  const proxy = await startProxy({
    listen: [{ host: "127.0.0.1", port: 0 }],
    grace: 0,
    host: { ...ALONE, registry: watched.registry },
    log: () => {},
  });
  self.postMessage(proxy.listeners[0]!.addr);
  self.onmessage = async ({ data }) => {
    if (data instanceof SharedArrayBuffer) return hang(data);
    await proxy.shutdown(0);
    self.postMessage("stopped");
  };
};

/** Blocks this thread until somebody notifies the memory. */
function hang(memory: SharedArrayBuffer): void {
  self.postMessage("hangs");
  Atomics.wait(new Int32Array(memory), 0, 0);
}
