/**
 * The SOCKS4 request (SOCKS4 §1, §2), with or without a name (SOCKS4a).
 *
 * @module
 */

import { type Host, parseAskedHost } from "../host_name.ts";
import { formatIpAddress } from "../ip_address.ts";
import type { Parser } from "../parser.ts";
import { VERSION } from "./v4.ts";

/** What the client wants, the host not yet resolved. */
export interface Request {
  /** `CD` as sent; see `COMMAND`. */
  command: number;
  /**
   * Name, or address: also where the address was sent as a name. The name may
   * be one that cannot exist.
   */
  host: Host;
  /** Port, 0 to 65535. */
  port: number;
  /** Who the client says it is, 0 to 255 bytes, read as UTF-8. Unproven. */
  userId: string;
  /** Whether the host was sent as a name, which is SOCKS4a. */
  isNamed: boolean;
}

/** Bytes of `USERID` and of a name, at most. SOCKS4 itself sets no bound. */
const MOST_BYTES = 255;

/** A byte order mark is part of a name: left out, two names would be one. */
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
 * Nothing tells where a field ends but the NUL after it, so they are taken one
 * byte at a time: what follows the request is for the target.
 *
 * @returns The request. Whether it can be served is not checked.
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
 * @param request Request; `USERID` and a name without NUL, an address that is
 *   not sent as a name of four bytes.
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

/** An address that no target has, 0.0.0.1 to 0.0.0.255, announces a name. */
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
