/**
 * New connections at a fixed rate, whatever happens to earlier ones. A load
 * that waits for answers would slow down exactly when it matters.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { connectRequest, greet, readReply } from "./proxy.ts";
import { readExactly, within, writeAll } from "./sockets.ts";
import { tryPassword } from "./users.ts";

/** Milliseconds between two checks of how many are due. */
const LOOK = 5;

/** Milliseconds that a test waits on a busy machine. */
const PATIENCE = 30_000;

/** Options of {@linkcode startSteadyLoad}. */
export interface SteadyLoadOptions {
  /** Ports of proxies, used in turn. */
  ports: readonly number[];
  /** Where the proxies are, and who uses them (default: here, nobody). */
  client?: LoadClient;
  /** An echo server. */
  target: Deno.NetAddr;
  /** Connections per second. */
  rate: number;
  /** Most connections at the same time (default 400). */
  mostOpen?: number;
}

/** A client of proxies. */
export interface LoadClient {
  /** Address of the proxies. */
  hostname: string;
  /** Name and password. */
  login: readonly [user: string, password: string];
}

/** Results of the load. */
export interface LoadResult {
  /** Number of successful connections. */
  served: number;
  /** Successful connections per second. */
  rate: number;
  /** Errors of the other connections. */
  failures: string[];
}

/** A running load. It ends when finished or disposed of. */
export interface SteadyLoad extends AsyncDisposable {
  /**
   * Waits until this many more connections have succeeded, or one has failed.
   */
  more(count: number): Promise<void>;
  /** Starts no new connections, and waits for the current ones. */
  finish(): Promise<LoadResult>;
}

/** Starts the load. */
export function startSteadyLoad(options: SteadyLoadOptions): SteadyLoad {
  const { client, mostOpen = 400, ports, rate, target } = options;
  const failures: string[] = [];
  const open = new Set<Promise<void>>();
  const started = performance.now();
  let begun = 0;
  let served = 0;
  let changed = Promise.withResolvers<void>();
  let result: Promise<LoadResult> | undefined;

  const timer = setInterval(() => {
    const due = (performance.now() - started) * rate / 1_000;
    // A machine that is too busy gets fewer connections, not ever more.
    while (begun < due && open.size < mostOpen) connect();
  }, LOOK);

  function connect(): void {
    const port = ports[begun++ % ports.length]!;
    const task = roundTrip(port, target, client)
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

/** Opens a tunnel and makes an echo through it: one byte up, one down. */
export async function roundTrip(
  port: number,
  target: Deno.NetAddr,
  client?: LoadClient,
): Promise<void> {
  using conn = await openLoadTunnel(port, target, client);
  await writeAll(conn, [7]);
  assertEquals(await readExactly(conn, 1), Uint8Array.of(7));
}

/** Opens a tunnel. */
export async function openLoadTunnel(
  port: number,
  target: Deno.NetAddr,
  { hostname, login }: Partial<LoadClient> = {},
): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: hostname ?? "127.0.0.1", port });
  try {
    if (login === undefined) await greet(conn);
    else assertEquals(await tryPassword(conn, ...login), 0);
    await writeAll(conn, connectRequest(target.hostname, target.port));
    assertEquals((await readReply(conn)).reply, 0);
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}
