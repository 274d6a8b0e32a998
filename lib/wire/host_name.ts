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

/** A label of a name (RFC 1035 §2.3.4). */
const LABEL_LENGTH = 63;

/** Letters, digits, hyphen, and the underscore that real names have. */
const LABEL = /^[a-z\d_](?:[a-z\d_-]*[a-z\d_])?$/i;

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
  const host = parseAskedHost(text);
  const fault = typeof host === "string" ? whyImpossible(host) : undefined;
  if (fault !== undefined) throw new SyntaxError(fault);
  return host;
}

/**
 * Parses the host that a client asks for. Unlike {@linkcode parseHost} it also
 * takes a name that cannot exist: the client hears the same of it as of any
 * other name that does not, and the log and the rules have it.
 *
 * @param text Name or address, without brackets. A final dot is allowed.
 * @returns The name as it was, or the bytes of the address.
 * @throws {SyntaxError} If the text is empty, or has characters that no name
 *   has.
 */
export function parseAskedHost(text: string): Host {
  const ip = parseIpAddress(text);
  if (ip !== undefined) return ip;
  if (text === "") throw new SyntaxError("name is empty");
  for (const label of text.split(".")) {
    if (label !== "" && !LABEL.test(label)) {
      throw new SyntaxError(`label ${JSON.stringify(cut(label))} is no label`);
    }
  }
  return text;
}

/**
 * Tells why a name cannot exist (RFC 1035 §2.3.4), for one of the characters
 * that names have.
 *
 * @param name Name as sent. A final dot is allowed.
 * @returns Why; `undefined` for a name that can exist.
 */
export function whyImpossible(name: string): string | undefined {
  const bare = name.endsWith(".") ? name.slice(0, -1) : name;
  if (bare.length > NAME_LENGTH) {
    return `name has ${bare.length} characters, more than ${NAME_LENGTH}`;
  }
  for (const label of bare.split(".")) {
    if (label === "") return "name has an empty label";
    if (label.length > LABEL_LENGTH) {
      return `a label has ${label.length} characters, more than ${LABEL_LENGTH}`;
    }
  }
  return undefined;
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
  const fault = typeof host === "string" ? whyImpossible(host) : undefined;
  if (fault !== undefined) throw new SyntaxError(fault);
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
