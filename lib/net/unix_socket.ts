/**
 * Unix sockets where the rest of the program knows addresses and ports.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { formatHostPort } from "../wire/host_port.ts";
import type { Connection } from "./connection.ts";
import { DialError, dialErrorKind } from "./dial_error.ts";
import { errorCode } from "./error_code.ts";
import type { Listener } from "./listen.ts";

const UNIX = "unix:";

/**
 * Connects to a Unix socket.
 *
 * @param path Path of its file.
 * @param context Gives up when cancelled.
 * @returns The connection; the caller closes it.
 * @throws {DialError} If it can't be reached.
 * @throws The reason of the cancellation, where that came first.
 */
export async function connectUnix(
  path: string,
  context: Context,
): Promise<Connection> {
  context.throwIfCancelled();
  try {
    // It takes or refuses at once: there is nothing to wait for.
    const conn = await Deno.connect({ transport: "unix", path });
    return new UnixConnection(conn, path);
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound;
    const kind = isGone ? "refused" : dialErrorKind(error);
    const other = kind === "refused"
      ? "connection refused"
      : errorCode(error) ?? String(error);
    const why = isGone ? "no such socket" : other;
    throw new DialError(kind, `Cannot reach ${UNIX}${path}: ${why}`, {
      cause: error,
    });
  }
}

/**
 * Listens on a Unix socket. A file that is left over from a program that has
 * ended is replaced; the file goes with the listener.
 *
 * @param path Path of its file.
 * @returns The listener.
 * @throws The system's error, where somebody listens there or it is no socket.
 */
export async function listenUnix(path: string): Promise<Listener> {
  try {
    return new UnixListener(Deno.listen({ transport: "unix", path }), path);
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    if (!await isAbandoned(path)) throw error;
    Deno.removeSync(path);
    return new UnixListener(Deno.listen({ transport: "unix", path }), path);
  }
}

/** Whether a socket's file is there, and nobody behind it. */
async function isAbandoned(path: string): Promise<boolean> {
  if (!(await Deno.lstat(path)).isSocket) return false;
  try {
    const conn = await Deno.connect({ transport: "unix", path });
    conn.close();
    return false;
  } catch (error) {
    return error instanceof Deno.errors.ConnectionRefused;
  }
}

/** What an end is called; there is no port, and clients have no path. */
function addrOf(path: string): Deno.NetAddr {
  return { transport: "tcp", hostname: `${UNIX}${path}`, port: 0 };
}

/**
 * Formats an end of a connection.
 *
 * @param addr Address and port, or what a Unix socket has instead.
 * @returns `HOST:PORT`, `unix:PATH`, or `unix` for a client without a path.
 */
export function formatAddr({ hostname, port }: Deno.NetAddr): string {
  if (!hostname.startsWith(UNIX)) return formatHostPort(hostname, port);
  return hostname === UNIX ? "unix" : hostname;
}

class UnixListener implements Listener {
  readonly addr: Deno.NetAddr;
  readonly #listener: Deno.UnixListener;
  readonly #path: string;
  #closed = false;

  constructor(listener: Deno.UnixListener, path: string) {
    this.#listener = listener;
    this.#path = path;
    this.addr = addrOf(path);
  }

  async accept(): Promise<Connection> {
    return new UnixConnection(await this.#listener.accept(), this.#path);
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
    try {
      Deno.removeSync(this.#path);
    } catch {
      // Somebody has removed it, or may: the next start replaces it.
    }
  }
}

class UnixConnection implements Connection {
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
  readonly #conn: Deno.UnixConn;

  constructor(conn: Deno.UnixConn, path: string) {
    this.#conn = conn;
    this.localAddr = addrOf(path);
    this.remoteAddr = addrOf("");
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Does nothing: there is no such algorithm here. */
  setNoDelay(): void {}

  close(): void {
    this.#conn.close();
  }

  [Symbol.dispose](): void {
    this.#conn[Symbol.dispose]();
  }
}
