/**
 * An address to listen on or to connect to: `HOST:PORT` or `unix:PATH`.
 *
 * @module
 */

import { parseConfiguredHost } from "./host_name.ts";
import { formatHostPort, type HostPort, parseHostPort } from "./host_port.ts";
import { quote } from "./quote.ts";

/** A Unix socket. */
export interface UnixPath {
  /** Path of the socket file, without NUL. */
  path: string;
  /** Permissions of the file, for a listener. */
  mode?: number;
}

/** A TCP port of a host, or a Unix socket. */
export type Endpoint = HostPort | UnixPath;

const UNIX = "unix:";

/**
 * Longest path that every system accepts, in bytes. `sun_path`, which includes
 * a NUL, has 108 bytes on Linux and 104 on some other systems.
 */
const MOST_PATH = 103;

/**
 * Parses an endpoint.
 *
 * @param text `unix:PATH`, or anything that {@linkcode parseHostPort} accepts.
 * @param defaultHost Host if the text has none.
 * @throws {SyntaxError} If the text is invalid; the message says what is wrong.
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
      `the path of a Unix socket has ${length} bytes; at most ${MOST_PATH} are allowed`,
    );
  }
  return { path };
}

/**
 * Parses an address to listen on.
 *
 * @param text `HOST:PORT`. `:PORT` means all addresses, `PORT` means 127.0.0.1.
 *   `unix:PATH` is a Unix socket, and `unix:PATH,mode=660` sets the permissions
 *   of its file.
 * @returns The endpoint; an empty host means all addresses.
 * @throws {SyntaxError} If the text is invalid; the message says what is wrong.
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

/** Tells whether an endpoint is a Unix socket. */
export function isUnixPath(endpoint: Endpoint): endpoint is UnixPath {
  return "path" in endpoint;
}

/**
 * Formats an endpoint.
 *
 * @returns Text for {@linkcode parseEndpoint}, without the permissions of the
 *   file, which do not identify it.
 */
export function formatEndpoint(endpoint: Endpoint): string {
  return isUnixPath(endpoint)
    ? `${UNIX}${endpoint.path}`
    : formatHostPort(endpoint.host, endpoint.port);
}
