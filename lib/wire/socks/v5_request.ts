/**
 * The SOCKS5 request (RFC 1928 §4).
 *
 * @module
 */

import { type Destination, parseAskedHost } from "../host_name.ts";
import type { Parser } from "../parser.ts";
import { COMMAND, malformed, REPLY, Socks5Error, VERSION } from "./v5.ts";
import { encodeDestination, parseDestination } from "./v5_destination.ts";

/**
 * A client's request, with the host not yet resolved. Its name may be one that
 * cannot exist.
 */
export interface Request extends Destination {
  /** `CMD` as sent; see `COMMAND`. */
  command: number;
}

/**
 * Stands for the address of a client that does not know yet where its datagrams
 * will come from (§4). Sluice uses a client's address only to refuse other
 * senders (§7), so an invalid name is treated the same way.
 */
const UNKNOWN = { host: Uint8Array.of(0, 0, 0, 0), port: 0 } as const;

/**
 * Parses a request.
 *
 * ```text
 * +-----+-----+-------+------+----------+----------+
 * | VER | CMD |  RSV  | ATYP | DST.ADDR | DST.PORT |
 * +-----+-----+-------+------+----------+----------+
 * |  1  |  1  | X'00' |  1   | Variable |    2     |
 * +-----+-----+-------+------+----------+----------+
 * ```
 *
 * The parser reads the whole message before it checks the contents, so that no
 * bytes are still in flight when the refusal is sent. An unknown ATYP is the
 * exception, because it has no length.
 *
 * @returns The request. The parser does not check whether command and port can
 *   be served.
 * @throws {Socks5Error} If the version, RSV, the address type or the name is
 *   invalid. For UDP ASSOCIATE an invalid name counts as 0.0.0.0:0.
 */
export function* parseRequest(): Parser<Request> {
  const [version, command, reserved, addressType] = yield 4;
  if (version !== VERSION) throw malformed("request", `VER is ${version}`);
  const destination = yield* parseDestination(addressType!);
  if (destination === undefined) {
    throw new Socks5Error(
      REPLY.AddressTypeNotSupported,
      `Cannot parse request: ATYP is ${addressType}`,
    );
  }
  if (reserved !== 0) throw malformed("request", `RSV is ${reserved}`);
  const { host, port } = destination;
  if (typeof host !== "string") return { command: command!, host, port };
  try {
    return { command: command!, host: parseAskedHost(host), port };
  } catch (error) {
    if (command === COMMAND.UdpAssociate) return { command, ...UNKNOWN };
    throw malformed("request", (error as SyntaxError).message);
  }
}

/**
 * Encodes a request.
 *
 * @param request The request; a name must have at most 255 ASCII characters.
 * @returns The whole message.
 */
export function encodeRequest(
  { command, host, port }: Request,
): Uint8Array<ArrayBuffer> {
  const bytes = encodeDestination(host, port);
  bytes[0] = VERSION;
  bytes[1] = command;
  return bytes;
}
