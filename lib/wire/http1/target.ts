/**
 * The target of a request (RFC 9112 §3.2).
 *
 * @module
 */

import { type Destination, type Host, parseAskedHost } from "../host_name.ts";
import { HttpError } from "./http_error.ts";
import type { RequestHead } from "./request.ts";
import { parseIpAddress } from "../ip_address.ts";

/** Host and port of a request. The name may be one that cannot exist. */
export interface Authority extends Destination {
  /** The text as sent, valid for `Host`. */
  text: string;
}

/** Destination and path of a request. */
export interface RequestTarget extends Authority {
  /** Path and query, or `*`; empty for CONNECT. */
  path: string;
}

const DEFAULT_PORT = 80;
const ABSOLUTE = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)([^#]*)$/i;
const AUTHORITY = /^(?:\[([^\]]*)\]|([^:[\]@]*))(?::(\d{0,5}))?$/;

/**
 * Parses the target of a request to a proxy: `host:port` for CONNECT (§3.2.3),
 * otherwise an absolute `http:` URI (§3.2.2). The target alone decides the
 * destination and is sent to the origin server; the value of `Host` is ignored,
 * even if it differs.
 *
 * @returns Destination and path.
 * @throws {HttpError} 400 if the target or `Host` is invalid, 501 for another
 *   scheme.
 */
export function parseTarget(head: RequestHead): RequestTarget {
  checkHost(head);
  if (head.method === "CONNECT") {
    return { ...parseAuthority(head.target, undefined), path: "" };
  }
  const [, scheme, authority, rest] = ABSOLUTE.exec(head.target) ?? [];
  if (scheme === undefined) throw notForProxies(head.target);
  if (scheme.toLowerCase() !== "http") {
    throw new HttpError(501, `Cannot fetch ${scheme}: URIs: use CONNECT`);
  }
  const target = parseAuthority(authority!, DEFAULT_PORT);
  return { ...target, path: originForm(head.method, rest!) };
}

/**
 * Parses the target of a request to an origin server. It is a path (§3.2.1)
 * with the host in `Host`, or an absolute `http:` URI, which overrides `Host`.
 *
 * @throws {HttpError} 400 if the target is malformed, or `Host` is missing or
 *   malformed; 405 for CONNECT, which only proxies serve.
 */
export function parseOriginTarget(head: RequestHead): RequestTarget {
  const { fields, method, target } = head;
  if (method === "CONNECT") {
    throw new HttpError(405, "Cannot serve CONNECT inside of a tunnel");
  }
  const isPath = target.startsWith("/") || target === "*";
  if (!isPath) return parseTarget(head);
  checkHost(head);
  const [host] = fields.all("host");
  if (host === undefined || host === "") {
    throw new HttpError(400, "Cannot serve request: Host is missing");
  }
  return { ...parseAuthority(host, DEFAULT_PORT, "Host"), path: target };
}

/**
 * Requires a valid `Host` (§3.2), except for HTTP/1.0 and CONNECT: some
 * clients, such as lftp, omit the field or its value there.
 */
function checkHost({ method, minor, fields }: RequestHead): void {
  const [value, ...more] = fields.all("host");
  if (more.length > 0) {
    throw new HttpError(400, "Cannot serve request: Host is given twice");
  }
  const isNeeded = method !== "CONNECT";
  if (value === undefined && isNeeded && minor === 1) {
    throw new HttpError(400, "Cannot serve request: Host is missing");
  }
  if (value !== undefined && (isNeeded || value !== "")) {
    parseAuthority(value, DEFAULT_PORT, "Host");
  }
}

function parseAuthority(
  text: string,
  defaultPort: number | undefined,
  what: "authority" | "Host" = "authority",
): Authority {
  const malformed = (state: string) => {
    const shown = JSON.stringify(text.slice(0, 80));
    return new HttpError(400, `Cannot parse ${what} ${shown}: bad ${state}`);
  };
  if (text.includes("@")) {
    // Not shown: a user name and often a password stand before the @ (RFC 9110
    // §4.2.4).
    throw new HttpError(400, `Cannot parse ${what}: it names a user`);
  }
  const [, ipv6, name, digits] = AUTHORITY.exec(text) ?? [];
  const host = ipv6 === undefined
    ? parseName(name, malformed)
    : parseIpAddress(ipv6);
  if (host === undefined || ipv6 !== undefined && host.length !== 16) {
    throw malformed("address in brackets");
  }
  const port = digits ? Number(digits) : defaultPort;
  if (port === undefined || port === 0 || port > 65535) {
    throw malformed("port");
  }
  return { host, port, text };
}

function parseName(
  name: string | undefined,
  malformed: (state: string) => HttpError,
): Host {
  if (name === undefined) throw malformed("form");
  try {
    return parseAskedHost(name);
  } catch (error) {
    throw malformed(`host: ${(error as SyntaxError).message}`);
  }
}

/** The target in the form for the origin server (§3.2.1, §3.2.4). */
function originForm(method: string, rest: string): string {
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

function notForProxies(target: string): HttpError {
  const isPath = target.startsWith("/") || target === "*";
  return new HttpError(
    400,
    isPath
      ? "This is a proxy: configure it as one, or request http://HOST/PATH"
      : "Cannot parse target: it is not http://HOST/PATH",
  );
}
