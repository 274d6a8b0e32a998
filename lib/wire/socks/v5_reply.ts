/**
 * The reply to a SOCKS5 request (RFC 1928 §6).
 *
 * @module
 */

import type { Destination } from "../host_name.ts";
import type { SocketAddress } from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import { type Reply, VERSION } from "./v5.ts";
import { encodeDestination, parseDestination } from "./v5_destination.ts";

/** Some clients read ten bytes of a refusal, whatever ATYP it has. */
const UNSPECIFIED: SocketAddress = { ip: new Uint8Array(4), port: 0 };

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
  { ip, port }: SocketAddress = UNSPECIFIED,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeDestination(ip, port);
  bytes[0] = VERSION;
  bytes[1] = reply;
  return bytes;
}

/** A reply with the proxy's bound address, or name, which can be any bytes. */
export interface BoundReply extends Destination {
  /** `REP` as sent. */
  reply: number;
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
  const bound = yield* parseDestination(addressType!);
  if (bound === undefined) throw malformed(`ATYP is ${addressType}`);
  return { reply: reply!, ...bound };
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse reply: ${state}`);
}
