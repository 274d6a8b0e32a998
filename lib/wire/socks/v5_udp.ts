/**
 * The header of a relayed datagram (RFC 1928 §7).
 *
 * @module
 */

import { type Host, parseHost } from "../host_name.ts";
import type { IpAddress } from "../ip_address.ts";
import { ADDRESS_TYPE } from "./v5.ts";

/** Where a datagram goes to, and where in it the payload begins. */
export interface UdpHeader {
  /** Name, or address: also where the address was sent as a name. */
  host: Host;
  /** Port, 1 to 65535. */
  port: number;
  /** Bytes of the header; what follows is the payload. */
  length: number;
}

/** Bytes of a header with an IPv6 address, the longest that is encoded. */
export const LONGEST_ENCODED = 22;

/** `RSV`, `FRAG` and `ATYP`. */
const FIXED = 4;

const PORT_LENGTH = 2;

/**
 * Parses the header of a datagram.
 *
 * ```text
 * +-----+------+------+----------+----------+----------+
 * | RSV | FRAG | ATYP | DST.ADDR | DST.PORT |   DATA   |
 * +-----+------+------+----------+----------+----------+
 * |  2  |  1   |  1   | Variable |    2     | Variable |
 * +-----+------+------+----------+----------+----------+
 * ```
 *
 * A datagram has no one to be told what is wrong with it, so nothing is thrown.
 * Fragments are dropped, as §7 demands of who does not put them together.
 *
 * @param datagram The whole datagram.
 * @returns The header, its address copied; `undefined` where it is cut,
 *   malformed, a fragment or for port 0.
 */
export function parseUdpHeader(datagram: Uint8Array): UdpHeader | undefined {
  const [high, low, fragment, type, nameLength] = datagram;
  if (high !== 0 || low !== 0 || fragment !== 0) return undefined;
  switch (type) {
    case ADDRESS_TYPE.Ipv4:
      return parseRest(datagram, FIXED, 4, copyAddress);
    case ADDRESS_TYPE.Ipv6:
      return parseRest(datagram, FIXED, 16, copyAddress);
    case ADDRESS_TYPE.DomainName:
      return parseRest(datagram, FIXED + 1, nameLength ?? 0, parseName);
    default:
      return undefined;
  }
}

/**
 * Encodes a header.
 *
 * @param host Where the payload comes from or goes to; a name is of ASCII, with
 *   255 characters at most.
 * @param port Port, 0 to 65535.
 * @returns The header, to be put in front of the payload.
 */
export function encodeUdpHeader(
  host: Host,
  port: number,
): Uint8Array<ArrayBuffer> {
  const isName = typeof host === "string";
  const start = isName ? FIXED + 1 : FIXED;
  const bytes = new Uint8Array(start + host.length + PORT_LENGTH);
  if (isName) {
    bytes[3] = ADDRESS_TYPE.DomainName;
    bytes[4] = host.length;
    for (let n = 0; n < host.length; n++) bytes[start + n] = host.charCodeAt(n);
  } else {
    bytes[3] = host.length === 4 ? ADDRESS_TYPE.Ipv4 : ADDRESS_TYPE.Ipv6;
    bytes.set(host, start);
  }
  bytes[start + host.length] = port >> 8;
  bytes[start + host.length + 1] = port & 0xff;
  return bytes;
}

function parseRest(
  datagram: Uint8Array,
  start: number,
  hostLength: number,
  toHost: (bytes: Uint8Array) => Host | undefined,
): UdpHeader | undefined {
  const end = start + hostLength;
  const length = end + PORT_LENGTH;
  if (datagram.length < length) return undefined;
  const port = datagram[end]! << 8 | datagram[end + 1]!;
  if (port === 0) return undefined;
  const host = toHost(datagram.subarray(start, end));
  return host === undefined ? undefined : { host, port, length };
}

/** The buffer of a datagram is used again. */
function copyAddress(bytes: Uint8Array): IpAddress {
  return Uint8Array.from(bytes);
}

function parseName(bytes: Uint8Array): Host | undefined {
  try {
    return parseHost(String.fromCharCode(...bytes));
  } catch {
    return undefined;
  }
}
