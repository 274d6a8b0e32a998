/**
 * The address of an admin listener, as an operator writes it.
 *
 * @module
 */

import { isUnixPath, parseEndpoint } from "../wire/endpoint.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { parseConfiguredHost } from "../wire/host_name.ts";
import { quote } from "../wire/quote.ts";

/** The address of an admin listener. */
export interface AdminAddress {
  /** The address as shown to people: `HOST:PORT`, `unix:PATH` or a URL. */
  readonly name: string;
  /** Whether TLS protects the calls. */
  readonly isTls: boolean;
  /** Value of `Host`. */
  readonly host: string;
  /** Prefix of all request paths; it ends with a slash. */
  readonly path: string;
  /** The socket to connect to. */
  readonly socket:
    | { readonly host: string; readonly port: number }
    | { readonly path: string };
}

/** The address in the examples of the manual. */
export const USUAL_ADDRESS = "127.0.0.1:9090";

const PLAIN = { isTls: false, path: "/" } as const;

const DEFAULT_PORT: Readonly<Record<string, number>> = {
  "http:": 80,
  "https:": 443,
};

/**
 * Parses an address.
 *
 * @param given The operands on the command line (default
 *   {@linkcode USUAL_ADDRESS}).
 * @throws {SyntaxError} If they are not a single valid address; the message
 *   says why.
 */
export function parseAdminAddress(given: readonly string[]): AdminAddress {
  const [text = USUAL_ADDRESS, ...more] = given;
  if (more.length > 0) {
    throw new SyntaxError(`expected one address, not ${given.length}`);
  }
  if (/^https?:\/\//i.test(text)) return parseUrl(text);
  const endpoint = parseEndpoint(text, "127.0.0.1");
  if (isUnixPath(endpoint)) {
    const { path } = endpoint;
    return { ...PLAIN, name: text, host: "localhost", socket: { path } };
  }
  const { host, port } = endpoint;
  if (port === 0) {
    throw new SyntaxError(
      `${quote(text)} has port 0; give one from 1 to 65535`,
    );
  }
  parseConfiguredHost(host);
  const name = formatHostPort(host, port);
  return { ...PLAIN, name, host: name, socket: { host, port } };
}

function parseUrl(text: string): AdminAddress {
  const url = URL.parse(text);
  if (url === null) throw new SyntaxError(`${quote(text)} is not a URL`);
  if (url.username !== "" || url.password !== "") {
    throw new SyntaxError(
      "a URL with a name or a password is not supported; give the token with --admin-token-file or SLUICE_ADMIN_TOKEN",
    );
  }
  if (url.search !== "" || url.hash !== "") {
    throw new SyntaxError(
      `${
        quote(text)
      } has a query or a fragment; give only the address of the admin page`,
    );
  }
  const path = url.pathname.endsWith("/") ? url.pathname : `${url.pathname}/`;
  return {
    name: `${url.origin}${path === "/" ? "" : path}`,
    isTls: url.protocol === "https:",
    host: url.host,
    path,
    socket: {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port) || DEFAULT_PORT[url.protocol]!,
    },
  };
}
