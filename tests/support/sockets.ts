/**
 * Real sockets on loopback for tests.
 *
 * @module
 */

import { toBytes } from "@std/streams";
import { untilReleased } from "./free_port.ts";

/** Creates both ends of a connection over 127.0.0.1. */
export async function socketPair(): Promise<[Deno.TcpConn, Deno.TcpConn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return await Promise.all([
    Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port }),
    listener.accept(),
  ]);
}

/** Reads exactly this many bytes; fails at end of file. */
export async function readExactly(
  conn: Pick<Deno.Conn, "read" | "write">,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  for (let count = 0; count < length;) {
    const more = await conn.read(bytes.subarray(count));
    if (more === null) {
      throw new Deno.errors.UnexpectedEof(`End after ${count} of ${length}`);
    }
    count += more;
  }
  return bytes;
}

/** Reads to end of file; a reset counts as the end. */
export async function readToEnd(
  conn: Pick<Deno.Conn, "read">,
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const buffer = new Uint8Array(64 * 1024);
  while (true) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) break;
    chunks.push(buffer.slice(0, count));
  }
  return await toBytes(ReadableStream.from(chunks));
}

/** Writes all bytes. */
export async function writeAll(
  conn: Pick<Deno.Conn, "read" | "write">,
  bytes: Uint8Array | number[] | string,
): Promise<void> {
  const data = typeof bytes === "string"
    ? new TextEncoder().encode(bytes)
    : Uint8Array.from(bytes);
  for (let count = 0; count < data.length;) {
    count += await conn.write(data.subarray(count));
  }
}

/** A test's server. Disposing of it waits for its connections. */
export interface TestServer extends AsyncDisposable {
  /** Listening address. */
  readonly addr: Deno.NetAddr;
  /** Number of accepted connections. */
  readonly accepted: number;
}

/**
 * Serves connections on a loopback address.
 *
 * @param handler Serves one connection, which closes when it returns. Its
 *   errors are ignored, because tests reset and cut connections.
 * @param hostname Address to listen on.
 * @param port Port to listen on; 0 takes a free one.
 */
export function startServer(
  handler: (conn: Deno.TcpConn) => Promise<unknown> | unknown,
  hostname = "127.0.0.1",
  port = 0,
): TestServer {
  const listener = Deno.listen({ hostname, port });
  const open = new Set<Deno.TcpConn>();
  const tasks: Promise<unknown>[] = [];
  let accepted = 0;

  async function serveOne(conn: Deno.TcpConn): Promise<void> {
    open.add(conn);
    try {
      await handler(conn);
    } catch {
      // The other side has left.
    } finally {
      open.delete(conn);
      conn[Symbol.dispose]();
    }
  }

  const accepting = (async () => {
    for await (const conn of listener) {
      accepted++;
      tasks.push(serveOne(conn));
    }
  })();
  return {
    addr: listener.addr as Deno.NetAddr,
    get accepted() {
      return accepted;
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const conn of open) conn[Symbol.dispose]();
      await accepting;
      await Promise.allSettled(tasks);
    },
  };
}

/** Serves an echo of every byte, with half-close. */
export function startEcho(hostname = "127.0.0.1"): TestServer {
  return startServer(async (conn) => {
    const buffer = new Uint8Array(64 * 1024);
    while (true) {
      const count = await conn.read(buffer);
      if (count === null) break;
      await writeAll(conn, buffer.subarray(0, count));
    }
    await conn.closeWrite();
  }, hostname);
}

/** A port on 127.0.0.1 that is not in use. */
export function closedPort(): number {
  while (true) {
    // Below the ports that the system assigns, including to other tests.
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      untilReleased(port);
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

/** Fails a wait instead of hanging the test. */
export async function within<T>(
  milliseconds: number,
  promise: Promise<T>,
): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`Not done within ${milliseconds} ms`)),
    milliseconds,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
