/**
 * Finds IPv4 addresses inside IPv6 addresses: a translator or tunnel on the
 * path delivers to the IPv4 address, even if a rule only names the IPv6 one.
 *
 * @module
 */

import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { type IpRange, isInRange, parseIpRange } from "../../wire/ip_range.ts";

/** An embedded IPv4 address and its form. */
export interface EmbeddedAddress {
  /** Four bytes. */
  readonly ip: IpAddress;
  /** Name of the form, such as `6to4`. */
  readonly form: string;
}

interface Form {
  readonly name: string;
  readonly range: IpRange;
  /** Offset of the IPv4 address's first byte. */
  readonly offset: number;
}

/** Prefixes that are followed by the unchanged address. */
const FORMS: readonly Form[] = [
  // RFC 4291 §2.5.5.2; not parsed, since as text it is refused in rules.
  {
    name: "IPv4-mapped",
    range: { prefix: mappedPrefix(), bits: 96 },
    offset: 12,
  },
  { name: "IPv4-compatible", range: parseIpRange("::/96"), offset: 12 },
  {
    name: "IPv4-translated",
    range: parseIpRange("::ffff:0:0:0/96"),
    offset: 12,
  },
  { name: "NAT64", range: parseIpRange("64:ff9b::/96"), offset: 12 },
  { name: "6to4", range: parseIpRange("2002::/16"), offset: 2 },
];

/** Teredo carries its client's address inverted (RFC 4380 §4). */
const TEREDO = parseIpRange("2001::/32");

/** Local NAT64: the prefix may have any length (RFC 8215). */
const LOCAL_NAT64 = parseIpRange("64:ff9b:1::/48");

/**
 * Offsets of the bytes after a prefix of 48, 56, 64 and 96 bits; byte 8 is
 * skipped (RFC 6052 §2.2).
 */
const LOCAL_NAT64_BYTES = [
  [6, 7, 9, 10],
  [7, 9, 10, 11],
  [9, 10, 11, 12],
  [12, 13, 14, 15],
] as const;

/**
 * Extracts the IPv4 address from an IPv6 address whose form certainly contains
 * one.
 *
 * @param ip Any address.
 * @returns The IPv4 address; `undefined` if there is none.
 */
export function embeddedAddress(ip: IpAddress): EmbeddedAddress | undefined {
  if (ip.length === 4) return undefined;
  if (isInRange(TEREDO, ip)) {
    return { ip: ip.slice(12).map((byte) => byte ^ 0xff), form: "Teredo" };
  }
  const form = FORMS.find(({ range }) => isInRange(range, ip));
  if (form !== undefined) {
    const { name, offset } = form;
    return { ip: ip.slice(offset, offset + 4), form: name };
  }
  return isIsatap(ip) ? { ip: ip.slice(12), form: "ISATAP" } : undefined;
}

/**
 * Lists all addresses that dialling one address could reach: itself, embedded
 * ones, and the system's substitutes. For rules that deny.
 *
 * @param ip The address to dial.
 * @returns That address first, then the others.
 */
export function reachedBy(ip: IpAddress): IpAddress[] {
  const reached = [ip];
  const embedded = embeddedAddress(ip);
  if (embedded !== undefined) reached.push(embedded.ip);
  if (isInRange(LOCAL_NAT64, ip)) {
    for (const bytes of LOCAL_NAT64_BYTES) {
      reached.push(Uint8Array.from(bytes, (index) => ip[index]!));
    }
  }
  // Linux connects to this machine if the address is all zeros.
  for (const each of reached) {
    if (each.some((byte) => byte !== 0)) continue;
    reached.push(parseIpAddress(each.length === 4 ? "127.0.0.1" : "::1")!);
  }
  return reached;
}

/** `0:5efe` or `200:5efe` before the address, behind any /64 (RFC 5214 §6.1). */
function isIsatap(ip: IpAddress): boolean {
  return (ip[8]! & 0xfd) === 0 && ip[9] === 0 && ip[10] === 0x5e &&
    ip[11] === 0xfe;
}

function mappedPrefix(): IpAddress {
  const prefix = new Uint8Array(16);
  prefix.fill(0xff, 10, 12);
  return prefix;
}
