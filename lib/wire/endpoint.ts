/**
 * Where something listens or is to be reached: `HOST:PORT` or `unix:PATH`.
 *
 * @module
 */

import { parseConfiguredHost } from "./host_name.ts";
import { formatHostPort, type HostPort, parseHostPort } from "./host_port.ts";
import { quote } from "./quote.ts";

/** A Unix socket. */
export interface UnixPath {
  /** Path of the socket's file, without NUL. */
  path: string;
  /** Permissions of the file, where it is to be listened on. */
  mode?: number;
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
 * @throws {SyntaxError} If it is none of these, saying what is wrong.
 */
export function parseEndpoint(text: string, defaultHost: string): Endpoint {
  if (!text.startsWith(UNIX)) return parseHostPort(text, defaultHost);
  const path = text.slice(UNIX.length);
  const { length } = new TextEncoder().encode(path);
  if (path === "" || path.includes("\0")) {
    throw new SyntaxError(`${quote(text)} has no path`);
  }
  if (path.startsWith("@")) {
    throw new SyntaxError(
      `${
        quote(text)
      } is an abstract name, which is not supported: write the path of a file, such as unix:/run/${
        path.slice(1) || "sluice"
      }.sock`,
    );
  }
  if (length > MOST_PATH) {
    throw new SyntaxError(
      `the path of a Unix socket has ${length} bytes, not ${MOST_PATH} at most`,
    );
  }
  return { path };
}

/**
 * Parses where something is to listen.
 *
 * @param text `HOST:PORT`; `:PORT` is all addresses, `PORT` is on 127.0.0.1.
 *   `unix:PATH` is a Unix socket, `unix:PATH,mode=660` one whose file has these
 *   permissions.
 * @returns The place; an empty host is all addresses.
 * @throws {SyntaxError} If it is none of these, saying what is wrong.
 */
export function parseListenEndpoint(text: string): Endpoint {
  if (!text.startsWith(UNIX)) {
    const { host, port } = parseHostPort(text, "127.0.0.1");
    if (text.startsWith(":")) return { host: "", port };
    parseConfiguredHost(host);
    return { host, port };
  }
  const [, place, digits] = /^(.*?)(?:,mode=([^,]*))?$/s.exec(text)!;
  const endpoint = parseEndpoint(place!, "");
  if (digits === undefined) return endpoint;
  if (!/^[0-7]{3}$/.test(digits)) {
    throw new SyntaxError(
      `mode '${digits}' is not three octal digits such as 660`,
    );
  }
  return { ...endpoint, mode: parseInt(digits, 8) };
}

/**
 * Tells whether an endpoint is a Unix socket.
 *
 * @returns Whether it is.
 */
export function isUnixPath(endpoint: Endpoint): endpoint is UnixPath {
  return "path" in endpoint;
}

/**
 * Formats an endpoint.
 *
 * @returns What {@linkcode parseEndpoint} takes; without the permissions of a
 *   file, which don't tell one place from another.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  return isUnixPath(endpoint)
    ? `${UNIX}${endpoint.path}`
    : formatHostPort(endpoint.host, endpoint.port);
}
