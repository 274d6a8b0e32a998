/**
 * The SOCKS5 request (RFC 1928 §4).
 *
 * @module
 */

import { type Host, parseAskedHost } from "../host_name.ts";
import type { Parser } from "../parser.ts";
import { ADDRESS_TYPE, COMMAND, REPLY, Socks5Error, VERSION } from "./v5.ts";

/** A client's request, with the host not yet resolved. */
export interface Request {
  /** `CMD` as sent; see `COMMAND`. */
  command: number;
  /**
   * Name or address. An address that was sent as a name counts as an address.
   * The name may be one that cannot exist.
   */
  host: Host;
  /** Port, 0 to 65535. */
  port: number;
}

const PORT_LENGTH = 2;

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
  if (version !== VERSION) {
    throw malformed(`VER is ${version}`);
  }
  const { host, port } = yield* parseDestination(addressType!);
  if (reserved !== 0) throw malformed(`RSV is ${reserved}`);
  if (typeof host !== "string") return { command: command!, host, port };
  try {
    return { command: command!, host: parseAskedHost(host), port };
  } catch (error) {
    if (command === COMMAND.UdpAssociate) return { command, ...UNKNOWN };
    throw malformed((error as SyntaxError).message);
  }
}

/**
 * Encodes a request.
 *
 * @param request The request; a name must have at most 255 ASCII characters.
 * @returns The whole message.
 */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  const { command, host, port } = request;
  return new Uint8Array([
    VERSION,
    command,
    0,
    ...encodeHost(host),
    port >> 8,
    port & 0xff,
  ]);
}

function* parseDestination(type: number): Parser<{ host: Host; port: number }> {
  switch (type) {
    case ADDRESS_TYPE.Ipv4:
      return yield* parseAddress(4);
    case ADDRESS_TYPE.Ipv6:
      return yield* parseAddress(16);
    case ADDRESS_TYPE.DomainName: {
      const [length] = yield 1;
      const bytes = yield length! + PORT_LENGTH;
      const name = String.fromCharCode(...bytes.subarray(0, length));
      return { host: name, port: readPort(bytes, length!) };
    }
    default:
      throw new Socks5Error(
        REPLY.AddressTypeNotSupported,
        `Cannot parse request: ATYP is ${type}`,
      );
  }
}

function* parseAddress(length: number): Parser<{ host: Host; port: number }> {
  const bytes = yield length + PORT_LENGTH;
  return { host: bytes.slice(0, length), port: readPort(bytes, length) };
}

function readPort(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! << 8 | bytes[offset + 1]!;
}

function malformed(state: string): Socks5Error {
  return new Socks5Error(
    REPLY.GeneralFailure,
    `Cannot parse request: ${state}`,
  );
}

function encodeHost(host: Host): number[] {
  if (typeof host !== "string") {
    const type = host.length === 4 ? ADDRESS_TYPE.Ipv4 : ADDRESS_TYPE.Ipv6;
    return [type, ...host];
  }
  const name = new TextEncoder().encode(host);
  return [ADDRESS_TYPE.DomainName, name.length, ...name];
}
