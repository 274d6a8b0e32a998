/**
 * A host and a port as text: `example.com:443`, `127.0.0.1:1080`, `[::1]:1080`.
 *
 * @module
 */

import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "./ip_address.ts";
import { cut, quote } from "./quote.ts";

/** A name or an IPv4 address, but not a number. */
const HOST = /^(?=.*[a-z.])[a-z\d_.-]+$/i;

/** An address to listen on or to connect to. */
export interface HostPort {
  /** Name, or address as text without brackets. */
  host: string;
  /** Port, 0 to 65535. */
  port: number;
}

/**
 * Formats a host and a port, with brackets around IPv6.
 *
 * @param host Name, address as text, or address as bytes.
 * @param port Port, 0 to 65535.
 * @returns For example `[::1]:1080`.
 */
export function formatHostPort(host: string | IpAddress, port: number): string {
  const text = typeof host === "string" ? host : formatIpAddress(host);
  // Not a template: V8 keeps its parts, and log records live long.
  return [text.includes(":") ? `[${text}]` : text, port].join(":");
}

/**
 * Parses `HOST:PORT`, `[IPV6]:PORT`, `:PORT` or `PORT`.
 *
 * @param defaultHost Host if the text has none.
 * @returns The host without brackets, and the port.
 * @throws {SyntaxError} If the text is invalid; the message says what is wrong.
 */
export function parseHostPort(text: string, defaultHost: string): HostPort {
  const match = /^(?:(?:\[([^\]]*)\]|([^:[\]]*)):)?([^:]*)$/.exec(text);
  if (match === null) throw new SyntaxError(explainShape(text));
  const [, ipv6, name, portText] = match;
  if (portText!.includes("@")) { // It may be a password.
    throw new SyntaxError(`${quote(text)} is not HOST:PORT`);
  }
  if (text !== "" && portText === "") {
    throw new SyntaxError(`${quote(text)} has no port; write ${cut(text)}PORT`);
  }
  if (!/^\d{1,5}$/.test(portText!) || Number(portText) > 65535) {
    const isHost = portText === text && HOST.test(text);
    throw new SyntaxError(
      isHost
        ? `${quote(text)} has no port; write ${cut(text)}:PORT`
        : `port ${quote(portText!)} is not a number from 0 to 65535`,
    );
  }
  if (ipv6 !== undefined && parseIpAddress(ipv6)?.length !== 16) {
    throw new SyntaxError(`${quote(ipv6)} in brackets is not an IPv6 address`);
  }
  return { host: ipv6 ?? (name || defaultHost), port: Number(portText) };
}

/** Explains text with too many colons or brackets. */
function explainShape(text: string): string {
  const [, bare = "", port] = /^(.*):(\d{1,5})$/.exec(text) ?? [];
  if (parseIpAddress(bare)?.length === 16) {
    return `${
      quote(text)
    } needs brackets around the address: [${bare}]:${port}`;
  }
  const [, inside] = /^\[([^\]]*)\]$/.exec(text) ?? [];
  if (inside !== undefined && parseIpAddress(inside)?.length === 16) {
    return `${quote(text)} has no port; write ${text}:1080`;
  }
  return parseIpAddress(text) === undefined
    ? `${quote(text)} is not HOST:PORT`
    : `${quote(text)} needs brackets and a port: [${text}]:1080`;
}
