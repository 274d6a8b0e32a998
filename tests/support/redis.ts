/**
 * A real Redis server for tests, and a slow way to it.
 *
 * @module
 */

import { TextLineStream } from "@std/streams";
import { closedPort, within } from "./sockets.ts";

/** Milliseconds for the server to start or to end. */
const PATIENCE = 20_000;

/** A running server. Disposing of it ends it. */
export interface Redis extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** URL without a password. */
  readonly url: string;
  /** Sends a signal to the server. */
  kill(signal: Deno.Signal): void;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/**
 * Starts a server that keeps nothing on the disk.
 *
 * @param path Path of `redis-server`.
 * @param port Port on 127.0.0.1 (default: a free one).
 * @param args Further arguments.
 */
export async function startRedis(
  path: string,
  port = closedPort(),
  args: string[] = [],
): Promise<Redis> {
  const child = new Deno.Command(path, {
    args: [
      ...["--port", String(port), "--bind", "127.0.0.1"],
      ...["--save", "", "--appendonly", "no", ...args],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const ready = Promise.withResolvers<void>();
  const lines = child.stdout
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  const reading = (async () => {
    const all: string[] = [];
    for await (const line of lines) {
      all.push(line);
      if (line.includes("Ready to accept connections")) ready.resolve();
    }
    ready.reject(new Error(`Redis did not start: ${all.join("\n")}`));
  })();
  await within(PATIENCE, ready.promise);
  const ended = Promise.all([child.status, reading]).then(() => {});
  return {
    ...{ port, ended, url: `redis://127.0.0.1:${port}` },
    kill: (signal) => child.kill(signal),
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch {
        // It has already ended.
      }
      await within(PATIENCE, ended);
    },
  };
}

/** A way to a server on which every byte takes its time. */
export interface SlowWay extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
}

/**
 * Opens a slow way to a local server.
 *
 * @param port Port of the server.
 * @param delay Milliseconds in each direction.
 */
export function slowWay(port: number, delay: number): SlowWay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const timers = new Set<ReturnType<typeof setTimeout>>();
  async function carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    let writing = Promise.resolve();
    const buffer = new Uint8Array(65_536);
    try {
      while (true) {
        const count = await from.read(buffer);
        if (count === null) break;
        const bytes = buffer.slice(0, count);
        const timer = setTimeout(() => {
          timers.delete(timer);
          writing = writing.then(async () => void await to.write(bytes))
            .catch(() => {});
        }, delay);
        timers.add(timer);
      }
    } catch {
      // The other end was closed.
    }
    for (const conn of [from, to]) {
      if (open.delete(conn)) conn.close();
    }
  }
  const serving = (async () => {
    const carrying: Promise<void>[] = [];
    for await (const client of listener) {
      open.add(client);
      const server = await Deno.connect({ hostname: "127.0.0.1", port });
      open.add(server);
      carrying.push(carry(client, server), carry(server, client));
    }
    await Promise.all(carrying);
  })();
  return {
    port: listener.addr.port,
    async [Symbol.asyncDispose]() {
      listener.close();
      for (const timer of timers) clearTimeout(timer);
      for (const conn of open) conn.close();
      open.clear();
      await serving;
    },
  };
}
