/**
 * The SOCKS4 request (SOCKS4 §1, §2), with or without a name (SOCKS4a).
 *
 * @module
 */

import { type Destination, type Host, parseAskedHost } from "../host_name.ts";
import { formatIpAddress } from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import { VERSION } from "./v4.ts";

/**
 * A client's request, with the host not yet resolved. Its name may be one that
 * cannot exist.
 */
export interface Request extends Destination {
  /** `CD` as sent; see `COMMAND`. */
  command: number;
  /**
   * User ID that the client claims, 0 to 255 bytes, read as UTF-8. Not
   * verified.
   */
  userId: string;
  /** Whether the host was sent as a name (SOCKS4a). */
  isNamed: boolean;
}

/** Most bytes of `USERID` and of a name. SOCKS4 itself sets no limit. */
const MOST_BYTES = 255;

/** Keeps a byte order mark: without it, two names would become one. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Parses a request.
 *
 * ```text
 * +----+----+---------+-------+----------+------+----------+------+
 * | VN | CD | DSTPORT | DSTIP |  USERID  | NUL  |   NAME   | NUL  |
 * +----+----+---------+-------+----------+------+----------+------+
 * |  1 |  1 |    2    |   4   | 0 to 255 |  1   | 1 to 255 |  1   |
 * +----+----+---------+-------+----------+------+----------+------+
 *                                               only after 0.0.0.x, x != 0
 * ```
 *
 * Only a NUL marks the end of a field. The parser therefore takes one byte at a
 * time, because everything after the request belongs to the target.
 *
 * @returns The request. The parser does not check whether it can be served.
 * @throws {SyntaxError} If the version is not 4, a field is too long or the
 *   name is invalid.
 */
export function* parseRequest(): Parser<Request> {
  const [version, command, portHigh, portLow, ...ip] = yield 8;
  if (version !== VERSION) throw malformed(`VN is ${version}`);
  const userId = UTF8.decode(yield* parseField("USERID"));
  const isNamed = isMarker(ip);
  const host = isNamed
    ? parseName(yield* parseField("name"))
    : Uint8Array.from(ip);
  const port = portHigh! << 8 | portLow!;
  return { command: command!, host, port, userId, isNamed };
}

/**
 * Encodes a request.
 *
 * @param request The request. `USERID` and a name must not contain NUL. An
 *   address that is not sent as a name must have four bytes.
 * @returns The whole message.
 */
export function encodeRequest(request: Request): Uint8Array<ArrayBuffer> {
  const { command, host, port, userId, isNamed } = request;
  const name = typeof host === "string" ? host : formatIpAddress(host);
  return new Uint8Array([
    VERSION,
    command,
    port >> 8,
    port & 0xff,
    ...(isNamed ? [0, 0, 0, 1] : host as Uint8Array),
    ...encodeField(userId),
    ...(isNamed ? encodeField(name) : []),
  ]);
}

/**
 * An address from 0.0.0.1 to 0.0.0.255, which no target has, announces a name.
 */
function isMarker(ip: number[]): boolean {
  return ip[0] === 0 && ip[1] === 0 && ip[2] === 0 && ip[3] !== 0;
}

function* parseField(field: string): Parser<Uint8Array> {
  const bytes = new Uint8Array(MOST_BYTES);
  for (let length = 0; true; length++) {
    const [byte] = yield 1;
    if (byte === 0) return bytes.subarray(0, length);
    if (length === MOST_BYTES) {
      throw malformed(`${field} has more than ${MOST_BYTES} bytes`);
    }
    bytes[length] = byte!;
  }
}

function parseName(bytes: Uint8Array): Host {
  try {
    return parseAskedHost(String.fromCharCode(...bytes));
  } catch (error) {
    throw malformed((error as SyntaxError).message);
  }
}

function malformed(state: string): SyntaxError {
  return new SyntaxError(`Cannot parse request: ${state}`);
}

function encodeField(text: string): Uint8Array {
  return new TextEncoder().encode(`${text}\0`);
}
