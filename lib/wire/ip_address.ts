/**
 * Converts IP addresses between text and bytes. It accepts strict forms only:
 * the other forms of the C library (`127.1`, `0x7f.1`, `2130706433`) have often
 * been used to bypass address checks.
 *
 * @module
 */

/** Address in network byte order: four bytes for IPv4, sixteen for IPv6. */
export type IpAddress = Uint8Array<ArrayBuffer>;

/** An end of a connection. */
export interface SocketAddress {
  /** Its address. */
  readonly ip: IpAddress;
  /** Its port, 0 to 65535. */
  readonly port: number;
}

const HEX_GROUP = /^[\da-f]{1,4}$/i;
const IPV6_GROUPS = 8;
const LONGEST_IPV4 = "255.255.255.255".length;

/** Characters of a dotted decimal address. */
const [ZERO, NINE, DOT] = [0x30, 0x39, 0x2e] as const;

/**
 * Parses an address: dotted decimal with four parts and no leading zeros, or
 * RFC 4291 §2.2 without brackets and without a zone.
 *
 * @returns The bytes; `undefined` if the text is not an address.
 */
export function parseIpAddress(text: string): IpAddress | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Parses an address that must be one.
 *
 * @throws {SyntaxError} If the text is not an address.
 */
export function requireIpAddress(text: string): IpAddress {
  const ip = parseIpAddress(text);
  if (ip === undefined) throw new SyntaxError(`'${text}' is not an IP address`);
  return ip;
}

/**
 * Formats an address; IPv6 as RFC 5952 recommends.
 *
 * @param ip Four or sixteen bytes.
 * @returns The text, without brackets.
 */
export function formatIpAddress(ip: Uint8Array): string {
  return ip.length === 4
    ? `${ip[0]}.${ip[1]}.${ip[2]}.${ip[3]}`
    : formatIpv6(ip);
}

/** Digit by digit, because every connection parses several addresses. */
function parseIpv4(text: string): IpAddress | undefined {
  if (text.length > LONGEST_IPV4) return undefined;
  const bytes = new Uint8Array(4);
  let part = 0;
  let value = -1; // Before the first digit.
  for (let n = 0; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code === DOT) {
      if (value < 0 || part === 3) return undefined;
      bytes[part++] = value;
      value = -1;
    } else {
      // A second digit after 0 would make the 0 a leading zero.
      if (code < ZERO || code > NINE || value === 0) return undefined;
      value = Math.max(value, 0) * 10 + code - ZERO;
      if (value > 255) return undefined;
    }
  }
  if (value < 0 || part !== 3) return undefined;
  bytes[part] = value;
  return bytes;
}

function parseIpv6(text: string): IpAddress | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = parseGroups(halves[1] ?? "", true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = IPV6_GROUPS - head.length - tail.length;
  // "::" replaces at least one group (RFC 4291 §2.2 says "one or more").
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return new Uint8Array(groups.flatMap((group) => [group >> 8, group & 0xff]));
}

/** Groups of 16 bits. The last one may be an IPv4 address if `isEnd`. */
function parseGroups(text: string, isEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (HEX_GROUP.test(part)) {
      groups.push(parseInt(part, 16));
      continue;
    }
    if (!isEnd || index !== parts.length - 1) return undefined;
    const ipv4 = parseIpv4(part);
    if (ipv4 === undefined) return undefined;
    groups.push(ipv4[0]! << 8 | ipv4[1]!, ipv4[2]! << 8 | ipv4[3]!);
  }
  return groups;
}

function formatIpv6(ip: Uint8Array): string {
  const groups: number[] = [];
  for (let n = 0; n < ip.length; n += 2) groups.push(ip[n]! << 8 | ip[n + 1]!);
  const mapped = groups.slice(0, 6).join() === "0,0,0,0,0,65535";
  if (mapped) return `::ffff:${ip.slice(12).join(".")}`;
  const { start, length } = longestZeros(groups);
  const hex = groups.map((group) => group.toString(16));
  if (length < 2) return hex.join(":");
  const head = hex.slice(0, start).join(":");
  return `${head}::${hex.slice(start + length).join(":")}`;
}

/** The run that "::" replaces: the first of the longest (RFC 5952 §4.2.3). */
function longestZeros(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  return best;
}
