/**
 * New connections at a fixed rate, whatever becomes of those before: a load
 * that waits for its answers would slow down just when it matters.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { connectRequest, greet, readReply } from "./proxy.ts";
import { readExactly, within, writeAll } from "./sockets.ts";

/** Milliseconds between two looks at how many are due. */
const LOOK = 5;

/** A test on a busy machine must not wait for less, in milliseconds. */
const PATIENCE = 30_000;

/** Options of {@linkcode startSteadyLoad}. */
export interface SteadyLoadOptions {
  /** Ports of proxies, which take turns. */
  ports: readonly number[];
  /** An echo server. */
  target: Deno.NetAddr;
  /** Connections a second. */
  rate: number;
  /** Connections that may be under way at once (default 400). */
  mostOpen?: number;
}

/** What has become of the load. */
export interface LoadResult {
  /** Connections that were served. */
  served: number;
  /** Of those, how many a second. */
  rate: number;
  /** What has become of the others. */
  failures: string[];
}

/** A load that goes on until it is finished or disposed of. */
export interface SteadyLoad extends AsyncDisposable {
  /** Waits until so many more have been served, or one has not. */
  more(count: number): Promise<void>;
  /** Begins no more, and waits for those that are under way. */
  finish(): Promise<LoadResult>;
}

/** Begins to connect. */
export function startSteadyLoad(options: SteadyLoadOptions): SteadyLoad {
  const { mostOpen = 400, ports, rate, target } = options;
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const started = performance.now();
  let begun = 0;
  let served = 0;
  let changed = Promise.withResolvers<void>();
  let result: Promise<LoadResult> | undefined;

  const timer = setInterval(() => {
    const due = (performance.now() - started) * rate / 1_000;
    // A machine that is too busy for so many gets fewer, and not ever more.
    while (begun < due && open.size < mostOpen) connect();
  }, LOOK);

  function connect(): void {
    const port = ports[begun++ % ports.length]!;
    const task = roundTrip(port, target)
      .then(() => served++, (error) => failures.push(String(error)))
      .then(() => {
        open.delete(task);
        changed.resolve();
        changed = Promise.withResolvers();
      });
    open.add(task);
  }

  async function finish(): Promise<LoadResult> {
    clearInterval(timer);
    const seconds = (performance.now() - started) / 1_000;
    await within(PATIENCE, Promise.all(open));
    return { served, rate: served / seconds, failures };
  }

  return {
    async more(count) {
      const enough = served + count;
      while (served < enough && failures.length === 0) {
        await within(PATIENCE, changed.promise);
      }
    },
    finish: () => result ??= finish(),
    async [Symbol.asyncDispose]() {
      await (result ??= finish());
    },
  };
}

/** Opens a tunnel and hears an echo through it. */
export async function roundTrip(
  port: number,
  target: Deno.NetAddr,
): Promise<void> {
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await greet(conn);
  await writeAll(conn, connectRequest(target.hostname, target.port));
  assertEquals((await readReply(conn)).reply, 0);
  await writeAll(conn, [7]);
  assertEquals(await readExactly(conn, 1), Uint8Array.of(7));
}
