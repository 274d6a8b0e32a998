/**
 * Socket addresses of the system: `sockaddr_in` and `sockaddr_in6`.
 *
 * @module
 */

import {
  formatIpAddress,
  parseIpAddress,
  type SocketAddress,
} from "../../wire/ip_address.ts";
import { unmapAddress } from "../../wire/ip_mapped.ts";

/** Bytes of `sockaddr_in6`, the longer one. */
export const LONGEST_NAME = 28;

/** Constants of Linux, and the offset of the address in each family. */
const AF_INET = 2;
const AF_INET6 = 10;
const OFFSET = { ipv4: 4, ipv6: 8 } as const;

/** Bytes before the IPv4 address in an IPv4-mapped one (RFC 4291 §2.5.5.2). */
const MAPPED = 12;

/**
 * Converts an address for comparison with the system's name of a socket.
 *
 * @param addr An end of the socket.
 * @returns The name; `undefined` for a Unix socket.
 */
export function socketName(
  { hostname, port }: Deno.NetAddr,
): SocketAddress | undefined {
  const ip = parseIpAddress(hostname);
  return ip && { ip: unmapAddress(ip), port };
}

/**
 * Reads the port of a name.
 *
 * @param bytes The bytes from the system.
 */
export function portOf(bytes: Uint8Array): number {
  return bytes[2]! << 8 | bytes[3]!;
}

/**
 * Reads the address of a name.
 *
 * @param bytes The bytes from the system, {@linkcode LONGEST_NAME} of them.
 * @returns The address as the system has it; `undefined` for a Unix socket.
 */
export function addressIn(bytes: Uint8Array): Deno.NetAddr | undefined {
  const family = familyIn(bytes);
  if (family !== AF_INET && family !== AF_INET6) return undefined;
  const ip = family === AF_INET
    ? bytes.slice(OFFSET.ipv4, OFFSET.ipv4 + 4)
    : bytes.slice(OFFSET.ipv6, OFFSET.ipv6 + 16);
  const hostname = formatIpAddress(ip);
  return { transport: "tcp", hostname, port: portOf(bytes) };
}

/**
 * Tells whether a socket has a name.
 *
 * @param bytes The bytes from the system, {@linkcode LONGEST_NAME} of them.
 */
export function hasName(
  bytes: Uint8Array,
  { ip, port }: SocketAddress,
): boolean {
  if (portOf(bytes) !== port) return false;
  const family = familyIn(bytes);
  if (family === AF_INET) return isAt(bytes, ip, OFFSET.ipv4, 4);
  if (family !== AF_INET6) return false;
  if (ip.length === 16) return isAt(bytes, ip, OFFSET.ipv6, 16);
  return isMapped(bytes) && isAt(bytes, ip, OFFSET.ipv6 + MAPPED, 4);
}

/** Linux uses the processor's byte order; Deno runs on little-endian ones. */
function familyIn(bytes: Uint8Array): number {
  return bytes[0]! | bytes[1]! << 8;
}

function isAt(
  bytes: Uint8Array,
  ip: Uint8Array,
  offset: number,
  length: number,
): boolean {
  if (ip.length !== length) return false;
  for (let n = 0; n < length; n++) {
    if (bytes[offset + n] !== ip[n]) return false;
  }
  return true;
}

function isMapped(bytes: Uint8Array): boolean {
  for (let n = 0; n < MAPPED; n++) {
    if (bytes[OFFSET.ipv6 + n] !== (n < 10 ? 0 : 0xff)) return false;
  }
  return true;
}
