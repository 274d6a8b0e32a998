/**
 * A parent proxy as a URL: `socks5://alice:secret@host:1080`.
 *
 * @module
 */

import { parseConfiguredHost } from "./host_name.ts";
import { formatHostPort } from "./host_port.ts";
import { parseIpAddress } from "./ip_address.ts";
import { quote } from "./quote.ts";

/**
 * Protocols of a parent, named by curl's schemes. With `socks5` and `socks4`
 * Sluice resolves names itself; with `socks5h`, `socks4a` and HTTP the parent
 * does.
 */
export type ParentScheme =
  | "socks5"
  | "socks5h"
  | "socks4"
  | "socks4a"
  | "http"
  | "https";

const DEFAULT_PORT: Readonly<Record<ParentScheme, number>> = {
  "socks5": 1080,
  "socks5h": 1080,
  "socks4": 1080,
  "socks4a": 1080,
  "http": 80,
  "https": 443,
};

/** A proxy that Sluice connects through. */
export interface Parent {
  /** The parent's protocol. */
  readonly scheme: ParentScheme;
  /** Name, or address as text without brackets. */
  readonly host: string;
  /** Port, 1 to 65535. */
  readonly port: number;
  /** Sluice's credentials at the parent; `undefined` for none. */
  readonly credentials: ParentCredentials | undefined;
}

/** Credentials for a parent. */
export interface ParentCredentials {
  /** 1 to 255 bytes of UTF-8. */
  readonly username: string;
  /** 0 to 255 bytes of UTF-8. */
  readonly password: string;
}

/** Longest user name and password in SOCKS5, in bytes (RFC 1929 §2). */
const MOST_BYTES = 255;

/**
 * Parses the URL of a parent.
 *
 * @param text `SCHEME://[NAME[:PASSWORD]@]HOST[:PORT]`; name and password are
 *   percent-encoded.
 * @throws {SyntaxError} If the URL is malformed. The message never repeats text
 *   that may be a password.
 */
export function parseParent(text: string): Parent {
  const match = /^([a-z\d+.-]+):\/\/(?:(.*)@)?([^@]*)$/is.exec(text);
  if (match === null) {
    throw new SyntaxError(
      "a parent has no scheme; write socks5h://HOST:PORT or http://HOST:PORT",
    );
  }
  const [, scheme, login, authority] = match;
  const known = parseScheme(scheme!.toLowerCase());
  return {
    scheme: known,
    ...parseAuthority(authority!.replace(/\/$/, ""), DEFAULT_PORT[known]),
    credentials: login === undefined ? undefined : parseLogin(known, login),
  };
}

/** Formats a parent's URL for a log, without credentials. */
export function formatParent({ scheme, host, port }: Parent): string {
  return `${scheme}://${formatHostPort(host, port)}`;
}

/** Tells whether the parent resolves names. Otherwise it gets addresses. */
export function takesNames({ scheme }: Parent): boolean {
  return scheme !== "socks5" && scheme !== "socks4";
}

function parseScheme(scheme: string): ParentScheme {
  if (Object.hasOwn(DEFAULT_PORT, scheme)) return scheme as ParentScheme;
  const known = Object.keys(DEFAULT_PORT).join(", ");
  throw new SyntaxError(`scheme ${quote(scheme)} is not one of ${known}`);
}

function parseAuthority(
  text: string,
  defaultPort: number,
): { host: string; port: number } {
  const match = /^(?:\[([\da-f:.]+)\]|([^:[\]/?#]+))(?::(\d{1,5}))?$/i.exec(
    text,
  );
  if (match === null) {
    // Text without a host may be NAME:PASSWORD.
    const host = quote(text.replace(/:.*$/s, ":…"));
    throw new SyntaxError(`a parent's ${host} is not HOST:PORT`);
  }
  const [, ipv6, name, digits] = match;
  const host = ipv6 ?? name!;
  if (ipv6 === undefined) parseConfiguredHost(host);
  else if (parseIpAddress(ipv6)?.length !== 16) {
    throw new SyntaxError(`${quote(ipv6)} in brackets is not an IPv6 address`);
  }
  const port = digits === undefined ? defaultPort : Number(digits);
  if (port < 1 || port > 65535) {
    throw new SyntaxError("a parent's port is not a number from 1 to 65535");
  }
  return { host, port };
}

function parseLogin(scheme: ParentScheme, login: string): ParentCredentials {
  const colon = login.indexOf(":");
  const username = decode(colon < 0 ? login : login.slice(0, colon));
  const password = colon < 0 ? "" : decode(login.slice(colon + 1));
  const lengths = [username, password].map((text) =>
    new TextEncoder().encode(text).length
  );
  if (lengths[0] === 0 || lengths.some((length) => length > MOST_BYTES)) {
    throw new SyntaxError(
      "a parent's user name must have 1 to 255 bytes, and its password at most 255",
    );
  }
  if (scheme.startsWith("socks4") && colon >= 0) {
    throw new SyntaxError("SOCKS4 has user names but no passwords");
  }
  if (scheme.startsWith("socks4") && username.includes("\0")) {
    throw new SyntaxError("a SOCKS4 user name can't have NUL");
  }
  if (scheme.startsWith("http") && username.includes(":")) {
    throw new SyntaxError("an HTTP user name can't have a colon");
  }
  return { username, password };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new SyntaxError("a parent's credentials are not percent-encoded");
  }
}
