/**
 * The reply to a SOCKS5 request (RFC 1928 §6).
 *
 * @module
 */

import type { IpAddress } from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import { ADDRESS_TYPE, type Reply, VERSION } from "./v5.ts";

/** The proxy's own address on its connection to the target. */
export interface BoundAddress {
  /** Four bytes for IPv4, sixteen for IPv6. */
  ip: IpAddress;
  /** Port, 0 to 65535. */
  port: number;
}

/** Some clients read ten bytes of a refusal, whatever ATYP it has. */
const UNSPECIFIED: BoundAddress = { ip: new Uint8Array(4), port: 0 };

/**
 * Encodes a reply.
 *
 * ```text
 * +-----+-----+-------+------+----------+----------+
 * | VER | REP |  RSV  | ATYP | BND.ADDR | BND.PORT |
 * +-----+-----+-------+------+----------+----------+
 * |  1  |  1  | X'00' |  1   | Variable |    2     |
 * +-----+-----+-------+------+----------+----------+
 * ```
 *
 * @param reply Code to answer with.
 * @param bound Address the proxy is bound to; `0.0.0.0:0` when refusing.
 * @returns The whole message, ready to write.
 */
export function encodeReply(
  reply: Reply,
  bound: BoundAddress = UNSPECIFIED,
): Uint8Array<ArrayBuffer> {
  const { ip, port } = bound;
  const bytes = new Uint8Array(6 + ip.length);
  bytes[0] = VERSION;
  bytes[1] = reply;
  bytes[3] = ip.length === 4 ? ADDRESS_TYPE.Ipv4 : ADDRESS_TYPE.Ipv6;
  bytes.set(ip, 4);
  bytes[4 + ip.length] = port >> 8;
  bytes[5 + ip.length] = port & 0xff;
  return bytes;
}

/** A reply with the proxy's bound address. */
export interface BoundReply {
  /** `REP` as sent. */
  reply: number;
  /** Address, or name with one character for each byte. */
  host: IpAddress | string;
  /** Port, 0 to 65535. */
  port: number;
}

/**
 * Parses a reply and skips its address, which a client that wants to connect
 * does not need.
 *
 * @returns `REP` as sent.
 * @throws {SyntaxError} If the version is not 5 or the address type is unknown.
 */
export function* parseReply(): Parser<number> {
  return (yield* parseBoundReply()).reply;
}

/**
 * Parses a reply with its address, which a client of a UDP relay needs.
 *
 * @returns The reply with a copy of the address.
 * @throws {SyntaxError} If the version is not 5 or the address type is unknown.
 */
export function* parseBoundReply(): Parser<BoundReply> {
  const [version, reply, , addressType] = yield 4;
  if (version !== VERSION) throw malformed(`VER is ${version}`);
  const host = yield* parseBoundHost(addressType!);
  const [high, low] = yield 2;
  return { reply: reply!, host, port: high! << 8 | low! };
}

function* parseBoundHost(addressType: number): Parser<IpAddress | string> {
  switch (addressType) {
    case ADDRESS_TYPE.Ipv4:
      return Uint8Array.from(yield 4);
    case ADDRESS_TYPE.Ipv6:
      return Uint8Array.from(yield 16);
    case ADDRESS_TYPE.DomainName: {
      const [length] = yield 1;
      return length === 0 ? "" : String.fromCharCode(...yield length!);
    }
    default:
      throw malformed(`ATYP is ${addressType}`);
  }
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse reply: ${state}`);
}
