/**
 * Subject alternative names: the server names and addresses in a certificate
 * (RFC 5280 §4.2.1.6, RFC 6125 §6.4).
 *
 * @module
 */

import type { Host } from "../wire/host_name.ts";
import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";

/** Most names in one certificate. */
const MOST_NAMES = 100;

const LONGEST_NAME = 253;

/** The preferred name syntax (RFC 1034 §3.5, RFC 1123 §2.1): no underscore. */
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/;

const WILDCARD = "*.";

/**
 * Parses comma-separated lists of names and addresses.
 *
 * @param given One or more lists.
 * @returns Each name once, in order, in lower case.
 * @throws {SyntaxError} If a name is malformed or there are too many; the
 *   message says which.
 */
export function parseSubjectAltNames(given: readonly string[]): Host[] {
  const names = new Map<string, Host>();
  for (const text of given.flatMap((list) => list.split(","))) {
    const host = parseSubjectAltName(text.trim());
    names.set(typeof host === "string" ? host : formatIpAddress(host), host);
  }
  if (names.size > MOST_NAMES) {
    throw new SyntaxError(`${names.size} names, more than ${MOST_NAMES}`);
  }
  return [...names.values()];
}

/**
 * Parses a server's name or address.
 *
 * @param text A host name, `*.` and a host name, or an IP address.
 * @returns The name in lower case, or the bytes of the address.
 * @throws {SyntaxError} If no client could use it to find a server, with the
 *   reason.
 */
export function parseSubjectAltName(text: string): Host {
  const ip = parseIpAddress(text);
  const fault = ip === undefined
    ? findFault(text.toLowerCase())
    : addressFault(ip);
  if (fault !== undefined) throw new SyntaxError(`'${text}' ${fault}`);
  return ip ?? text.toLowerCase();
}

function addressFault(ip: Uint8Array): string | undefined {
  const isUnspecified = ip.every((byte) => byte === 0);
  return isUnspecified
    ? "is not an address that clients connect to; give the machine's own"
    : undefined;
}

function findFault(name: string): string | undefined {
  if (name === "") return "is empty; give names or addresses with commas";
  if (/[:/[\]]/.test(name)) {
    return "is neither a name nor an address; give it without scheme, brackets and port";
  }
  if (name.endsWith(".")) {
    return "ends with a dot, which certificates leave out";
  }
  if (name.length > LONGEST_NAME) {
    return `has ${name.length} characters, more than ${LONGEST_NAME}`;
  }
  const isWildcard = name.startsWith(WILDCARD);
  const labels = (isWildcard ? name.slice(WILDCARD.length) : name).split(".");
  return labels.map(labelFault).find((fault) => fault !== undefined) ??
    (isWildcard && labels.length < 2
      ? "covers too much; clients want two labels after *."
      : lastFault(labels.at(-1)!));
}

function labelFault(label: string): string | undefined {
  if (LABEL.test(label)) return undefined;
  if (label === "") return "has an empty label";
  if (label.includes("*")) return "has a * that is not all of its first label";
  if (label.length > 63) return `has a label of ${label.length} characters`;
  if (/[^\0-\x7f]/.test(label)) {
    return "has letters beyond ASCII; write its form that begins with xn--";
  }
  return `has the label '${label}'; only letters, digits and hyphens inside can be in a certificate`;
}

/** A name whose last label is a number is a malformed IPv4 address. */
function lastFault(label: string): string | undefined {
  return /^(?:\d+|0x[\da-f]*)$/.test(label)
    ? "is not an address; IPv4 has four numbers from 0 to 255 without leading zeros"
    : undefined;
}
