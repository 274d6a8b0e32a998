/**
 * The reply to a SOCKS4 request (SOCKS4 §1, §2).
 *
 * @module
 */

import type { SocketAddress } from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import type { Reply } from "./v4.ts";

/** `VN` of a reply: "the version of the reply code", not of the protocol. */
const REPLY_VERSION = 0x00;

const NOWHERE: SocketAddress = { ip: new Uint8Array(4), port: 0 };

/**
 * Encodes a reply.
 *
 * ```text
 * +----+----+---------+-------+
 * | VN | CD | DSTPORT | DSTIP |
 * +----+----+---------+-------+
 * |  1 |  1 |    2    |   4   |
 * +----+----+---------+-------+
 * ```
 *
 * @param reply Code to answer with.
 * @param endpoint IPv4 address in the replies to BIND, first the listener's,
 *   then the peer's (default zeros). Other commands ignore it.
 * @returns The whole message, ready to write.
 */
export function encodeReply(
  reply: Reply,
  { ip, port }: SocketAddress = NOWHERE,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array([REPLY_VERSION, reply, port >> 8, port & 0xff, ...ip]);
}

/**
 * Parses a reply. Its address means nothing after CONNECT.
 *
 * @returns `CD` as sent.
 * @throws {SyntaxError} If `VN` is not 0.
 */
export function* parseReply(): Parser<number> {
  const [version, reply] = yield 8;
  if (version === REPLY_VERSION) return reply!;
  throw new SyntaxError(`Cannot parse reply: VN is ${version}`);
}
