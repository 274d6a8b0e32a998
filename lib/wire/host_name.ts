/**
 * Host names as clients send them (RFC 952, RFC 1123 §2.1).
 *
 * @module
 */

import { type IpAddress, parseIpAddress } from "./ip_address.ts";
import { cut } from "./quote.ts";

/** A host in a client's request: a name to resolve, or an address. */
export type Host = string | IpAddress;

/** A host and a port. An address that was sent as text counts as an address. */
export interface Destination {
  /** Name or address. */
  readonly host: Host;
  /** Port, 0 to 65535. */
  readonly port: number;
}

/** Characters of a whole name, without the dot at the end of a rooted name. */
const NAME_LENGTH = 253;

/** Characters of a label (RFC 1035 §2.3.4). */
const LABEL_LENGTH = 63;

/** Letters, digits, hyphens, and the underscores that real names contain. */
const LABEL = /^[a-z\d_](?:[a-z\d_-]*[a-z\d_])?$/i;

/**
 * Parses a host that arrived as text. A strictly written address becomes bytes;
 * anything else must be a valid name. This keeps invalid names away from the
 * resolver, the log and the rules: control characters, NUL (which cuts the name
 * short in C), spaces, quotes, raw UTF-8.
 *
 * @param text Name or address, without brackets. A final dot is allowed.
 * @returns The name unchanged, or the bytes of the address.
 * @throws {SyntaxError} If it is neither; the message says why.
 */
export function parseHost(text: string): Host {
  const host = parseAskedHost(text);
  const fault = typeof host === "string" ? whyImpossible(host) : undefined;
  if (fault !== undefined) throw new SyntaxError(fault);
  return host;
}

/**
 * Parses the host in a client's request. Unlike {@linkcode parseHost} it also
 * accepts a name that cannot exist. The client then gets the same answer as for
 * any other unknown name, and the log and the rules see it.
 *
 * @param text Name or address, without brackets. A final dot is allowed.
 * @returns The name unchanged, or the bytes of the address.
 * @throws {SyntaxError} If the text is empty or contains characters that are
 *   not allowed in names.
 */
export function parseAskedHost(text: string): Host {
  const ip = parseIpAddress(text);
  if (ip !== undefined) return ip;
  if (text === "") throw new SyntaxError("name is empty");
  for (const label of text.split(".")) {
    if (label !== "" && !LABEL.test(label)) {
      throw new SyntaxError(
        `label ${JSON.stringify(cut(label))} is not allowed in a name`,
      );
    }
  }
  return text;
}

/**
 * Explains why a name cannot exist (RFC 1035 §2.3.4), although its characters
 * are allowed.
 *
 * @param name Name as sent. A final dot is allowed.
 * @returns The reason; `undefined` for a possible name.
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
 * Parses a host that an operator wrote. Text that looks like an IPv4 address
 * but is not one counts as a mistake, not as a name (RFC 1123 §2.1).
 *
 * @param text Name or address, without brackets.
 * @returns The name unchanged, or the bytes of the address.
 * @throws {SyntaxError} If it is neither; the message says why.
 */
export function parseConfiguredHost(text: string): Host {
  const host = parseHost(text);
  if (typeof host === "string" && /^\d+(?:\.\d+)*\.?$/.test(host)) {
    throw new SyntaxError(
      `'${cut(host)}' is not an IPv4 address (four numbers from 0 to 255)`,
    );
  }
  return host;
}

/**
 * Normalises a name for comparison: letter case and the dot of a rooted name
 * make no difference.
 *
 * @param name Name as sent.
 * @returns The name in lower case, without a final dot.
 */
export function plainName(name: string): string {
  const lower = name.toLowerCase();
  return lower.endsWith(".") ? lower.slice(0, -1) : lower;
}
