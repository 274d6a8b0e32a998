/**
 * The entry module of a thread.
 *
 * @module
 */

import { startServers } from "../config/start.ts";
import { runWorker, type WorkerScope } from "../workers/worker.ts";
import { spareStacks } from "../serve/process_life.ts";

spareStacks();
runWorker(globalThis as unknown as WorkerScope, {
  start: startServers,
  async watch(watch) {
    // Imported lazily so that unwatched threads start faster.
    const { watchThread } = await import("../admin/threads/watch.ts");
    return await watchThread(watch);
  },
});
