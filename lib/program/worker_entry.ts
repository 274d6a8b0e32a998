/**
 * What a thread of the program begins with.
 *
 * @module
 */

import { startServers } from "../config/start.ts";
import { runWorker, type WorkerScope } from "../workers/worker.ts";
import { spareStacks } from "../serve/process_life.ts";

spareStacks();
runWorker(globalThis as unknown as WorkerScope, {
  start: startServers,
  async watch(ids) {
    // Loaded for threads that are watched: the start of others is quicker.
    const { watchThread } = await import("../admin/watch_thread.ts");
    return await watchThread(ids);
  },
});
