/**
 * What a worker has to do so that whoever watches the program sees its
 * connections too.
 *
 * @module
 */

import { Registry } from "../serve/registry.ts";
import { SharedCounter } from "../sync/shared/counter.ts";
import { isTraced } from "./is_traced.ts";
import { servePart } from "./serve_part.ts";

/** What the program's first thread gives a worker. */
export interface WatchedWorkerSettings {
  /** Where it is asked. The other end is a `RemotePart`. */
  port: MessagePort;
  /** Memory of the counter that connections get their numbers from. */
  ids: SharedArrayBuffer;
}

/** A worker that is watched; ends when disposed of. */
export interface WatchedWorker extends Disposable {
  /** Takes in its connections. */
  readonly registry: Registry;
}

/**
 * Lets the connections of this worker be seen.
 *
 * @param settings What the first thread has given.
 * @returns The worker as it is watched.
 */
export async function watchWorker(
  { ids, port }: WatchedWorkerSettings,
): Promise<WatchedWorker> {
  const counter = new SharedCounter(ids);
  const registry = new Registry({ nextId: () => counter.next() });
  if (isTraced()) await (await import("./spans.ts")).openSpans(registry);
  const served = servePart(port, registry);
  return { registry, [Symbol.dispose]: () => served[Symbol.dispose]() };
}
