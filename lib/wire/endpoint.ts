/**
 * Where something listens or is to be reached: `HOST:PORT` or `unix:PATH`.
 *
 * @module
 */

import { formatHostPort, type HostPort, parseHostPort } from "./host_port.ts";
import { quote } from "./quote.ts";

/** A Unix socket. */
export interface UnixPath {
  /** Path of the socket's file, without NUL. */
  path: string;
}

/** A TCP port of a host, or a Unix socket. */
export type Endpoint = HostPort | UnixPath;

const UNIX = "unix:";

/**
 * Bytes of a path that every system takes: `sun_path` has 104 with its NUL on
 * some, 108 on Linux.
 */
const MOST_PATH = 103;

/**
 * Parses an endpoint.
 *
 * @param text `unix:PATH`, or what {@linkcode parseHostPort} takes.
 * @param defaultHost Host where the text has none.
 * @returns The endpoint.
 * @throws {SyntaxError} If it is none of these, saying what is wrong.
 */
export function parseEndpoint(text: string, defaultHost: string): Endpoint {
  if (!text.startsWith(UNIX)) return parseHostPort(text, defaultHost);
  const path = text.slice(UNIX.length);
  const { length } = new TextEncoder().encode(path);
  if (path === "" || path.includes("\0")) {
    throw new SyntaxError(`${quote(text)} has no path`);
  }
  if (length > MOST_PATH) {
    throw new SyntaxError(
      `the path of a Unix socket has ${length} bytes, not ${MOST_PATH} at most`,
    );
  }
  return { path };
}

/**
 * Tells whether an endpoint is a Unix socket.
 *
 * @param endpoint The endpoint.
 * @returns Whether it is.
 */
export function isUnixPath(endpoint: Endpoint): endpoint is UnixPath {
  return "path" in endpoint;
}

/**
 * Formats an endpoint.
 *
 * @param endpoint The endpoint.
 * @returns What {@linkcode parseEndpoint} takes.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  return isUnixPath(endpoint)
    ? `${UNIX}${endpoint.path}`
    : formatHostPort(endpoint.host, endpoint.port);
}
