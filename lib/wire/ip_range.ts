/**
 * Ranges of addresses as text: `10.0.0.0/8`, `2001:db8::/32`, `192.0.2.1`.
 *
 * @module
 */

import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "./ip_address.ts";
import { unmapAddress } from "./ip_mapped.ts";
import { quote } from "./quote.ts";

/** All addresses of one family that start with the same bits. */
export interface IpRange {
  /** The first address: all bits after the prefix are 0. */
  readonly prefix: IpAddress;
  /** Length of the prefix in bits, 0 to 32 or 128. */
  readonly bits: number;
}

/**
 * Parses a range: an address, a slash and the length of the prefix (RFC 4632
 * §3.1, RFC 4291 §2.3), or an address alone.
 *
 * @throws {SyntaxError} If the text is invalid; the message says what is wrong.
 *   Bits after the prefix are an error, because they are usually a mistake. So
 *   is IPv4 in its IPv6-mapped form.
 */
export function parseIpRange(text: string): IpRange {
  const [, address, length] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const ip = parseIpAddress(address ?? "");
  if (ip === undefined) {
    throw new SyntaxError(`${quote(text)} is not an address or ADDRESS/BITS`);
  }
  const bits = length === undefined ? ip.length * 8 : Number(length);
  if (bits > ip.length * 8) {
    throw new SyntaxError(`${quote(text)} has more than ${ip.length * 8} bits`);
  }
  if (unmapAddress(ip).length !== ip.length) {
    throw new SyntaxError(
      `${quote(text)} is an IPv4-mapped address: write it as IPv4`,
    );
  }
  const prefix = clearBehind(ip, bits);
  if (prefix.some((byte, index) => byte !== ip[index])) {
    const range = formatIpRange({ prefix, bits });
    throw new SyntaxError(
      `${quote(text)} has bits set after the first ${bits}; write ${range}`,
    );
  }
  return { prefix, bits };
}

/**
 * Formats a range.
 *
 * @returns For example `10.0.0.0/8`; a range of one address is the address
 *   alone.
 */
export function formatIpRange({ prefix, bits }: IpRange): string {
  const text = formatIpAddress(prefix);
  return bits === prefix.length * 8 ? text : `${text}/${bits}`;
}

/**
 * Tells whether an address is in a range. A range never contains addresses of
 * the other family, not even `::/0`.
 */
export function isInRange({ prefix, bits }: IpRange, ip: IpAddress): boolean {
  if (ip.length !== prefix.length) return false;
  const whole = bits >> 3;
  for (let n = 0; n < whole; n++) if (ip[n] !== prefix[n]) return false;
  const mask = 0xff00 >> (bits & 7) & 0xff;
  return ((ip[whole] ?? 0) & mask) === ((prefix[whole] ?? 0) & mask);
}

function clearBehind(ip: IpAddress, bits: number): IpAddress {
  return ip.map((byte, index) => {
    const left = Math.min(Math.max(bits - index * 8, 0), 8);
    return byte & (0xff00 >> left & 0xff);
  });
}
