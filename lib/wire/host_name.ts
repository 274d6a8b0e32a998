/**
 * Host names as clients send them (RFC 952, RFC 1123 §2.1).
 *
 * @module
 */

import { type IpAddress, parseIpAddress } from "./ip_address.ts";
import { cut } from "./quote.ts";

/** A host as clients name it: a name still to be resolved, or an address. */
export type Host = string | IpAddress;

/** A whole name: 253 characters, plus a dot where it is written as rooted. */
const NAME_LENGTH = 253;

/** Letters, digits, hyphen, and the underscore that real names have. */
const LABEL = /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i;

/**
 * Parses a host that came as text. An address in strict form becomes its bytes;
 * anything else must be a name that can be asked of a resolver. That keeps from
 * the resolver, the log and the rules what is no name: control characters, NUL
 * (which cuts the name short in C), spaces, quotes, raw UTF-8.
 *
 * @param text Name or address, without brackets. A final dot is allowed.
 * @returns The name as it was, or the bytes of the address.
 * @throws {SyntaxError} If it is neither, saying why.
 */
export function parseHost(text: string): Host {
  const ip = parseIpAddress(text);
  if (ip !== undefined) return ip;
  const fault = findFault(text);
  if (fault !== undefined) throw new SyntaxError(fault);
  return text;
}

/**
 * Parses a host that an operator has written. What looks like an IPv4 address
 * and is none is a slip, not a name (RFC 1123 §2.1).
 *
 * @param text Name or address, without brackets.
 * @returns The name as it was, or the bytes of the address.
 * @throws {SyntaxError} If it is neither, saying why.
 */
export function parseConfiguredHost(text: string): Host {
  const host = parseHost(text);
  if (typeof host === "string" && /^\d+(?:\.\d+)*\.?$/.test(host)) {
    throw new SyntaxError(
      `'${cut(host)}' is no IPv4 address, which is four numbers up to 255`,
    );
  }
  return host;
}

/**
 * Makes of a name what names are compared by: neither letter case nor the
 * dot of a rooted name makes it another.
 *
 * @param name Name as sent.
 * @returns Small letters, no final dot.
 */
export function plainName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}

function findFault(name: string): string | undefined {
  if (name === "") return "name is empty";
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  if (bare.length > NAME_LENGTH) return `name has ${bare.length} characters`;
  for (const label of bare.split(".")) {
    if (label === "") return "name has an empty label";
    if (label.length > 63) return `a label has ${label.length} characters`;
    if (!LABEL.test(label)) {
      return `label ${JSON.stringify(cut(label))} is no label`;
    }
  }
  return undefined;
}
