/**
 * Addresses in SOCKS5 messages (RFC 1928 §5).
 *
 * @module
 */

import type { Destination, Host } from "../host_name.ts";
import type { Parser } from "../parser.ts";
import { ADDRESS_TYPE } from "./v5.ts";

/** The fields before `ATYP`, and `ATYP`. */
const FIXED = 4;

const PORT_LENGTH = 2;

const IP_LENGTH: Readonly<Record<number, number>> = {
  [ADDRESS_TYPE.Ipv4]: 4,
  [ADDRESS_TYPE.Ipv6]: 16,
};

/**
 * Parses the address and the port after `ATYP`.
 *
 * @returns A copy of both, a name with one character for each byte; `undefined`
 *   if the type is unknown, and nothing was read.
 */
export function* parseDestination(
  addressType: number,
): Parser<Destination | undefined> {
  const isName = addressType === ADDRESS_TYPE.DomainName;
  const length = isName ? (yield 1)[0] : IP_LENGTH[addressType];
  if (length === undefined) return undefined;
  const bytes = yield length + PORT_LENGTH;
  const host = isName
    ? String.fromCharCode(...bytes.subarray(0, length))
    : bytes.slice(0, length);
  return { host, port: bytes[length]! << 8 | bytes[length + 1]! };
}

/**
 * Encodes an address and a port.
 *
 * ```text
 * +-------+------+----------+----------+
 * | X'00' | ATYP | DST.ADDR | DST.PORT |
 * +-------+------+----------+----------+
 * |   3   |  1   | Variable |    2     |
 * +-------+------+----------+----------+
 * ```
 *
 * @param host Address or name; a name has at most 255 ASCII characters.
 * @param port Port, 0 to 65535.
 * @returns Three zeros, where each message has its own fields, and the rest.
 */
export function encodeDestination(
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
