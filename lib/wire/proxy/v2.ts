/**
 * Version 2 of the PROXY protocol: binary (proxy-protocol.txt §2.2).
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
import type { SocketAddress } from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import {
  ofOneFamily,
  type ProxyEndpoints,
  type ProxyHeader,
} from "./endpoints.ts";

/** The start of every header. */
export const V2_SIGNATURE: Uint8Array = new Uint8Array([
  ...[0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d],
  ...[0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a],
]);

/** Most bytes after the fixed part: addresses and all TLVs. */
const MOST_BYTES = 4096;

/** Most bytes of a unique id (§2.2.5). */
const MOST_UNIQUE_ID = 128;

/** Bytes of the signature, version and command, family, and length. */
const FIXED_BYTES = V2_SIGNATURE.length + 4;

/** Version 2 and the command (§2.2). */
const LOCAL = 0x20;
const PROXY = 0x21;

/** Bytes of both addresses and ports, by family and transport (§2.2). */
const FAMILIES: Readonly<Record<number, number>> = {
  0x00: 0, // unspecified: the receiver ignores it
  0x11: 12, // TCP over IPv4
  0x21: 36, // TCP over IPv6
  0x31: 216, // Unix stream
};

/** Types of the TLVs after the addresses (§2.2). */
const TLV = { authority: 0x02, crc32c: 0x03, uniqueId: 0x05 } as const;

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Contents of a header besides the addresses. */
export type ProxyV2Options = Pick<ProxyHeader, "authority" | "uniqueId">;

/**
 * Parses a header after its signature.
 *
 * @throws {SyntaxError} If it is malformed, longer than 4,112 bytes, describes
 *   no stream, or has a wrong checksum.
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
  // The sender opened the connection for itself; other fields mean nothing
  // (§2.2).
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
 * @param endpoints Both ends; `undefined` if the sender opened the connection
 *   for itself.
 * @param options Authority, and a unique id of at most 128 bytes.
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

/** The source address comes first, then the destination's, then both ports. */
function parseEndpoints(bytes: Uint8Array): ProxyEndpoints | undefined {
  if (bytes.length !== 12 && bytes.length !== 36) return undefined;
  const size = bytes.length / 2 - 2;
  const endpoint = (index: number): SocketAddress => {
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

/**
 * The checksum covers the whole header, with zeros in its own place (§2.2.3).
 */
function checkSum(
  fixed: Uint8Array,
  rest: Uint8Array,
  offset: number,
  value: Uint8Array,
): void {
  if (value.length !== 4) throw malformed("its checksum does not have 4 bytes");
  const whole = new Uint8Array(FIXED_BYTES + rest.length);
  whole.set(V2_SIGNATURE);
  whole.set(fixed, V2_SIGNATURE.length);
  whole.set(rest, FIXED_BYTES);
  whole.fill(0, FIXED_BYTES + offset, FIXED_BYTES + offset + 4);
  const [a, b, c, d] = value;
  const expected = (a! << 24 | b! << 16 | c! << 8 | d!) >>> 0;
  if (crc32c(whole) !== expected) throw malformed("its checksum is wrong");
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
