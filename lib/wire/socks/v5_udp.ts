/**
 * The header of a relayed datagram (RFC 1928 §7).
 *
 * @module
 */

import { type Destination, type Host, parseHost } from "../host_name.ts";
import type { IpAddress } from "../ip_address.ts";
import { ADDRESS_TYPE } from "./v5.ts";
import { encodeDestination } from "./v5_destination.ts";

/** The destination of a datagram, and the length of its header. */
export interface UdpHeader extends Destination {
  /** Bytes of the header; the payload follows. */
  length: number;
}

/** Bytes of a header with an IPv6 address, the longest that Sluice encodes. */
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
 * This never throws, because nobody receives an error for a datagram. It drops
 * fragments, as §7 requires from an implementation that does not reassemble
 * them.
 *
 * @param datagram The whole datagram.
 * @returns The header with a copy of its address; `undefined` if the datagram
 *   is truncated, malformed, a fragment or for port 0.
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

/** Encodes a header, which the payload follows: its own fields are zeros. */
export const encodeUdpHeader: typeof encodeDestination = encodeDestination;

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

/** Copies the address, because the datagram's buffer is reused. */
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
