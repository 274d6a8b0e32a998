/**
 * Unix sockets for code that expects addresses and ports.
 *
 * @module
 */

import type { Context } from "../sync/context.ts";
import { formatHostPort } from "../wire/host_port.ts";
import type { Connection } from "./connection.ts";
import { DialError, dialErrorKind } from "./dial_error.ts";
import { explainError } from "../observe/explain_error.ts";

const UNIX = "unix:";

/**
 * Connects to a Unix socket.
 *
 * @param path Path of its file.
 * @param context Stops the attempt when cancelled.
 * @returns The connection; the caller closes it.
 * @throws {DialError} If it cannot be reached.
 * @throws The reason of the cancellation.
 */
export async function connectUnix(
  path: string,
  context: Context,
): Promise<Connection> {
  context.throwIfCancelled();
  try {
    // It accepts or refuses immediately: there is nothing to wait for.
    const conn = await Deno.connect({ transport: "unix", path });
    return new UnixConnection(conn, path);
  } catch (error) {
    const isGone = error instanceof Deno.errors.NotFound;
    const kind = isGone ? "refused" : dialErrorKind(error);
    const other = kind === "refused"
      ? "connection refused"
      : explainError(error);
    const why = isGone ? "no such socket" : other;
    throw new DialError(kind, `Cannot reach ${UNIX}${path}: ${why}`, {
      cause: error,
    });
  }
}

/**
 * Creates a stand-in address for an end without address and port.
 *
 * @param path Path of the socket; empty for clients.
 * @returns The stand-in, with port 0.
 */
export function unixAddr(path: string): Deno.NetAddr {
  return { transport: "tcp", hostname: `${UNIX}${path}`, port: 0 };
}

/**
 * Formats an end of a connection.
 *
 * @param addr Address and port, or the stand-in of a Unix socket.
 * @returns `HOST:PORT`, `unix:PATH`, or `unix` for a client without a path.
 */
export function formatAddr({ hostname, port }: Deno.NetAddr): string {
  if (!hostname.startsWith(UNIX)) return formatHostPort(hostname, port);
  return hostname === UNIX ? "unix" : hostname;
}

/**
 * Finds the path of a Unix socket.
 *
 * @param addr An end of a connection, or the address of a listener.
 * @returns The path, empty for a client; `undefined` for an IP address.
 */
export function pathOf({ hostname }: Deno.NetAddr): string | undefined {
  return hostname.startsWith(UNIX) ? hostname.slice(UNIX.length) : undefined;
}

/** One end of a connection over a Unix socket. */
export class UnixConnection implements Connection {
  /** The path of the socket, whichever end this is. */
  readonly localAddr: Deno.NetAddr;
  /** No path: the client is unknown. */
  readonly remoteAddr: Deno.NetAddr;
  readonly #conn: Deno.UnixConn;

  /**
   * Wraps a connection.
   *
   * @param conn The connection; closed with this.
   * @param path The path it was opened with.
   */
  constructor(conn: Deno.UnixConn, path: string) {
    this.#conn = conn;
    this.localAddr = unixAddr(path);
    this.remoteAddr = unixAddr("");
  }

  /** Reads into a buffer; `null` at end of file. */
  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  /** Writes some of the bytes and returns how many. */
  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  /** Half-closes the connection. */
  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  /** Does nothing: Unix sockets have no such algorithm. */
  setNoDelay(): void {}

  /** Closes both directions. */
  close(): void {
    this.#conn.close();
  }

  /** Closes both directions, if they are still open. */
  [Symbol.dispose](): void {
    this.#conn[Symbol.dispose]();
  }
}
