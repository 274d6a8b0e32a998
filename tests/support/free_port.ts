/**
 * Takes ports that were closed a moment ago. A program that another thread
 * starts holds all sockets of this process between its fork and its exec, so a
 * closed port can stay taken for some milliseconds.
 *
 * @module
 */

import { existsSync } from "node:fs";

/** Milliseconds that a starting program may hold a port. */
const MOST_HELD = 5_000;

/**
 * Opens what needs a free port, and tries again while the port is taken. It
 * blocks the thread meanwhile, so what this thread should have closed before
 * stays open, and fails the test.
 *
 * @param open Throws `AddrInUse` while the port is taken.
 * @returns What `open` returned.
 */
export function whenFree<T>(open: () => T): T {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + MOST_HELD;
  while (true) {
    try {
      return open();
    } catch (error) {
      const isTaken = error instanceof Deno.errors.AddrInUse;
      if (!isTaken || performance.now() > end) throw error;
      Atomics.wait(pause, 0, 0, 1);
    }
  }
}

/** Listens on a TCP port that was closed a moment ago. */
export function listenAgain(
  { hostname, port }: { hostname: string; port: number },
): Deno.TcpListener {
  return whenFree(() => Deno.listen({ hostname, port }));
}

/** Fails unless a TCP port is free; connections to it are refused then. */
export function assertFree(
  address: { hostname: string; port: number },
): void {
  listenAgain(address).close();
  untilReleased(address.port);
}

/** Whether a TCP port refuses a connection at this moment. */
export async function isRefused(
  { hostname, port }: { hostname: string; port: number },
): Promise<boolean> {
  try {
    (await Deno.connect({ hostname, port })).close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

/** What Linux says of its TCP sockets. */
const TABLES = ["/proc/net/tcp", "/proc/net/tcp6"];

/**
 * Blocks the thread until no socket listens on a TCP port of an IPv4 or IPv6
 * address. Until then the system would accept connections.
 */
export function untilReleased(port: number): void {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const listening = new RegExp(`: [\\dA-F]+:${hex} \\S+ 0A `);
  // IPv6 may be switched off.
  const tables = TABLES.filter((path) => existsSync(path));
  whenFree(() => {
    if (tables.some((path) => listening.test(Deno.readTextFileSync(path)))) {
      throw new Deno.errors.AddrInUse(`Something listens on port ${port}`);
    }
  });
}
