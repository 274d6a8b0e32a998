/**
 * What a worker thread begins with; see `worker.ts`.
 *
 * @module
 */

import { runWorker, type WorkerScope } from "./worker.ts";

runWorker(globalThis as unknown as WorkerScope);
