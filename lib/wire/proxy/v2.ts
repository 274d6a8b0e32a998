/**
 * The PROXY protocol's version 2: binary (proxy-protocol.txt §2.2).
 *
 * ```text
 * +-----------+---------+--------+--------+-----------+------+
 * | signature | VER|CMD | FAM|TP | length | addresses | TLVs |
 * +-----------+---------+--------+--------+-----------+------+
 * |    12     |    1    |   1    |   2    | 0 to 216  |  …   |
 * +-----------+---------+--------+--------+-----------+------+
 *                                           length bytes
 * ```
 *
 * @module
 */

import { crc32c } from "./crc32c.ts";
import type { Parser } from "../parser.ts";
import {
  ofOneFamily,
  type ProxyEndpoint,
  type ProxyEndpoints,
  type ProxyHeader,
} from "./endpoints.ts";

/** What every header begins with. */
export const V2_SIGNATURE: Uint8Array = new Uint8Array([
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d],
  ...[0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
]);

/** Bytes behind the fixed part that are taken: addresses and all TLVs. */
const MOST_BYTES = 4096;

/** Bytes of a unique id, at most (§2.2.5). */
const MOST_UNIQUE_ID = 128;

/** Signature, version and command, family, length. */
const FIXED_BYTES = V2_SIGNATURE.length + 4;

/** Version 2 and the command (§2.2). */
const LOCAL = 0x20;
const PROXY = 0x21;

/** Family and transport (§2.2), with the bytes of both addresses and ports. */
const FAMILIES: Readonly<Record<number, number>> = {
  0x00: 0, // unspecified: for the receiver to ignore
  0x11: 12, // TCP over IPv4
  0x21: 36, // TCP over IPv6
  0x31: 216, // Unix stream
};

/** Types of the fields behind the addresses (§2.2). */
const TLV = { authority: 0x02, crc32c: 0x03, uniqueId: 0x05 } as const;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What a header can say besides the addresses. */
export type ProxyV2Options = Pick<ProxyHeader, "authority" | "uniqueId">;

/**
 * Parses a header from behind its signature.
 *
 * @returns What it says.
 * @throws {SyntaxError} If it is malformed, longer than 4,112 bytes, about no
 *   stream, or its checksum is wrong.
 */
export function* parseProxyV2(): Parser<ProxyHeader> {
  const fixed = yield 4;
  const [command, family] = fixed;
  const length = fixed[2]! << 8 | fixed[3]!;
  if (command !== LOCAL && command !== PROXY) {
    throw malformed(`version and command are 0x${hex(command!)}`);
  }
  if (length > MOST_BYTES) {
    throw malformed(`length ${length} is more than ${MOST_BYTES}`);
  }
  const rest = yield length;
  // The sender speaks for itself, whatever the other fields say (§2.2).
  if (command === LOCAL) return { endpoints: undefined };
  const addresses = FAMILIES[family!];
  if (addresses === undefined) {
    throw malformed(`family and transport are 0x${hex(family!)}`);
  }
  if (addresses > length) {
    throw malformed(`${length} bytes are too few for its addresses`);
  }
  return {
    endpoints: parseEndpoints(rest.subarray(0, addresses)),
    ...parseFields(fixed, rest, addresses),
  };
}

/**
 * Encodes a header.
 *
 * @param endpoints Both ends; `undefined` where the sender speaks for itself.
 * @param options What else to say; the unique id has 128 bytes at most.
 * @returns The whole header.
 */
export function encodeProxyV2(
  endpoints: ProxyEndpoints | undefined,
  { authority, uniqueId }: ProxyV2Options = {},
): Uint8Array<ArrayBuffer> {
  const fields = [
    ...authority === undefined
      ? []
      : encodeField(TLV.authority, new TextEncoder().encode(authority)),
    ...uniqueId === undefined ? [] : encodeField(TLV.uniqueId, uniqueId),
  ];
  const addresses = endpoints === undefined ? [] : encodeEndpoints(endpoints);
  const length = addresses.length + fields.length;
  return new Uint8Array([
    ...V2_SIGNATURE,
    endpoints === undefined ? LOCAL : PROXY,
    addresses.length === 0 ? 0x00 : addresses.length === 12 ? 0x11 : 0x21,
    length >> 8,
    length & 0xff,
    ...addresses,
    ...fields,
  ]);
}

/** Sources come first, then destinations; then the ports in that order. */
function parseEndpoints(bytes: Uint8Array): ProxyEndpoints | undefined {
  if (bytes.length !== 12 && bytes.length !== 36) return undefined;
  const size = bytes.length / 2 - 2;
  const endpoint = (index: number): ProxyEndpoint => {
    const port = 2 * size + 2 * index;
    return {
      ip: bytes.slice(size * index, size * (index + 1)),
      port: bytes[port]! << 8 | bytes[port + 1]!,
    };
  };
  return { source: endpoint(0), destination: endpoint(1) };
}

function encodeEndpoints(endpoints: ProxyEndpoints): number[] {
  const { source, destination } = ofOneFamily(endpoints);
  return [
    ...source.ip,
    ...destination.ip,
    ...[source.port >> 8, source.port & 0xff],
    ...[destination.port >> 8, destination.port & 0xff],
  ];
}

function parseFields(
  fixed: Uint8Array,
  rest: Uint8Array,
  start: number,
): ProxyV2Options {
  const options: ProxyV2Options = {};
  let offset = start;
  while (offset < rest.length) {
    const end = offset + 3 + (rest[offset + 1]! << 8 | rest[offset + 2]!);
    if (offset + 3 > rest.length || end > rest.length) {
      throw malformed("a field is cut short");
    }
    const type = rest[offset]!;
    const value = rest.subarray(offset + 3, end);
    if (type === TLV.crc32c) checkSum(fixed, rest, offset + 3, value);
    if (type === TLV.authority) options.authority = parseAuthority(value);
    if (type === TLV.uniqueId) options.uniqueId = parseUniqueId(value);
    offset = end;
  }
  return options;
}

function parseAuthority(value: Uint8Array): string {
  try {
    return UTF8.decode(value);
  } catch {
    throw malformed("its authority is not UTF-8");
  }
}

function parseUniqueId(value: Uint8Array): Uint8Array {
  if (value.length <= MOST_UNIQUE_ID) return value.slice();
  throw malformed(`its unique id has more than ${MOST_UNIQUE_ID} bytes`);
}

/** The sum is over the whole header, with zeros in its own place (§2.2.3). */
function checkSum(
  fixed: Uint8Array,
  rest: Uint8Array,
  offset: number,
  value: Uint8Array,
): void {
  if (value.length !== 4) throw malformed("its checksum has not 4 bytes");
  const whole = new Uint8Array(FIXED_BYTES + rest.length);
  whole.set(V2_SIGNATURE);
  whole.set(fixed, V2_SIGNATURE.length);
  whole.set(rest, FIXED_BYTES);
  whole.fill(0, FIXED_BYTES + offset, FIXED_BYTES + offset + 4);
  const [a, b, c, d] = value;
  const told = (a! << 24 | b! << 16 | c! << 8 | d!) >>> 0;
  if (crc32c(whole) !== told) throw malformed("its checksum is wrong");
}

function encodeField(type: number, value: Uint8Array): number[] {
  return [type, value.length >> 8, value.length & 0xff, ...value];
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse PROXY header: ${state}`);
}
