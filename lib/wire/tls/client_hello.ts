/**
 * ClientHello: the first message of TLS, which a client sends unencrypted.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import {
  ALPN,
  parseAlpn,
  parseServerName,
  parseVersions,
  SERVER_NAME,
  SUPPORTED_VERSIONS,
} from "./client_hello_extensions.ts";
import type { Parser } from "../parser.ts";
import { ALERT, helloError, type TlsAlertError } from "./alert.ts";
import { TlsCursor } from "./cursor.ts";
import { recogniseInnerTls } from "./starttls.ts";

/** The parts of a ClientHello that Sluice uses. */
export interface ClientHello {
  /** Requested server in lower case; `undefined` if the client named none. */
  serverName: string | undefined;
  /** Protocols that the client offers, one character for each byte. */
  protocols: readonly string[];
  /**
   * Highest supported version, among those in {@linkcode TLS_VERSION} and
   * lower.
   */
  version: number;
  /** All bytes read, for the TLS implementation that continues. */
  bytes: Uint8Array<ArrayBuffer>;
}

/** Version numbers in messages (RFC 8446 §4.2.1). */
export const TLS_VERSION = { Tls12: 0x0303, Tls13: 0x0304 } as const;

/** Most bytes of a ClientHello; browsers send less than 2 KiB. */
const MOST_BYTES = 16 * 1024;

/** Most bytes of an unencrypted record (§5.1). */
const MOST_IN_RECORD = 2 ** 14;

const HANDSHAKE = 22;
const CLIENT_HELLO = 1;
const HEADER_LENGTH = 4;
const RECORD_HEADER_LENGTH = 5;
const RANDOM_LENGTH = 32;

/**
 * Parses the records of a ClientHello (RFC 8446 §4.1.2, §5.1), however it is
 * split, and takes no byte after it.
 *
 * ```text
 * +------+---------+--------+      +------+--------+---------+--------+----
 * | type | version | length |  of  | type | length | version | random | …
 * +------+---------+--------+      +------+--------+---------+--------+----
 * |  22  | X'03..' |   2    |      |  1   |   3    |    2    |   32   |
 * +------+---------+--------+      +------+--------+---------+--------+----
 * ```
 *
 * It skips unknown extensions, versions and protocols.
 *
 * @throws {TlsAlertError} If it is not a ClientHello, is malformed, or has more
 *   than 16 KiB.
 */
export function* parseClientHello(): Parser<ClientHello> {
  const read: Uint8Array[] = [];
  const message: Uint8Array[] = [];
  let length = 0;
  let wanted = HEADER_LENGTH;
  while (length < wanted) {
    const fragment = yield* parseRecord(read);
    message.push(fragment);
    const isHeaderNew = length < HEADER_LENGTH;
    length += fragment.length;
    if (isHeaderNew && length >= HEADER_LENGTH) {
      wanted = HEADER_LENGTH + lengthOf(joined(message));
    }
  }
  if (length > wanted) throw followed();
  const body = new TlsCursor(joined(message), HEADER_LENGTH);
  return { ...parseBody(body), bytes: concat(read) };
}

/** The next message depends on the answer to this one (RFC 8446 §5.1). */
function followed(): TlsAlertError {
  const state = "something follows in its record";
  return helloError(ALERT.UnexpectedMessage, state);
}

/** The parsed parts of a ClientHello, without its bytes. */
export type HelloFacts = Omit<ClientHello, "bytes">;

/**
 * Parses a ClientHello in a single record, as most are, without copies. The
 * copies in {@linkcode parseClientHello} cost more than the rest of its work.
 *
 * @param bytes Bytes from the start of the record; more may follow it.
 * @returns The parsed parts; `undefined` if the record is incomplete, or holds
 *   only a part of the message.
 * @throws {TlsAlertError} As {@linkcode parseClientHello} does.
 */
export function parseRecordedHello(bytes: Uint8Array): HelloFacts | undefined {
  if (bytes.length < RECORD_HEADER_LENGTH + HEADER_LENGTH) return undefined;
  const end = RECORD_HEADER_LENGTH + recordLength(bytes);
  const start = RECORD_HEADER_LENGTH + HEADER_LENGTH;
  if (bytes.length < end || end < start) return undefined;
  const wanted = start + lengthOf(bytes, RECORD_HEADER_LENGTH);
  if (end < wanted) return undefined;
  if (end > wanted) throw followed();
  return parseBody(new TlsCursor(bytes, start, end));
}

/** Most messages come in one record, which needs no copy. */
function joined(message: Uint8Array[]): Uint8Array {
  return message.length === 1 ? message[0]! : concat(message);
}

function* parseRecord(read: Uint8Array[]): Parser<Uint8Array> {
  const header = yield RECORD_HEADER_LENGTH;
  const length = recordLength(header);
  // Copies, because a parser's input is only valid until it asks for more.
  read.push(header.slice());
  const fragment = (yield length).slice();
  read.push(fragment);
  return fragment;
}

function recordLength(header: Uint8Array): number {
  if (header[0] !== HANDSHAKE || header[1] !== 3) {
    const start = header.subarray(0, 2).toHex();
    const protocol = recogniseInnerTls(header);
    const name = protocol ?? recognisePlain(header);
    const others = name === undefined ? "" : ` but ${name}`;
    const state = `it begins with 0x${start}, which is not TLS${others}`;
    throw helloError(ALERT.UnexpectedMessage, state, { protocol });
  }
  const length = header[3]! << 8 | header[4]!;
  if (length === 0 || length > MOST_IN_RECORD) {
    throw helloError(ALERT.RecordOverflow, `a record has ${length} bytes`);
  }
  return length;
}

function lengthOf(message: Uint8Array, start = 0): number {
  const type = message[start];
  if (type !== CLIENT_HELLO) {
    throw helloError(ALERT.UnexpectedMessage, `its type is ${type}`);
  }
  const bytes = message[start + 1]! << 16 | message[start + 2]! << 8 |
    message[start + 3]!;
  if (bytes <= MOST_BYTES) return bytes;
  throw helloError(ALERT.DecodeError, `it has ${bytes} bytes`);
}

function parseBody(cursor: TlsCursor): HelloFacts {
  const legacyVersion = cursor.number(2);
  cursor.skip(RANDOM_LENGTH);
  cursor.vector(1, { most: 32 }); // Session id.
  cursor.vector(2, { least: 2 }); // Cipher suites.
  cursor.vector(1, { least: 1 }); // Compression methods.
  // Before TLS 1.3 extensions can be missing (RFC 5246 §7.4.1.2).
  const extensions = cursor.isAtEnd
    ? new Map<number, TlsCursor>()
    : parseExtensions(cursor.vector(2));
  cursor.end();
  const versions = parseVersions(extensions.get(SUPPORTED_VERSIONS));
  return {
    serverName: parseServerName(extensions.get(SERVER_NAME)),
    protocols: parseAlpn(extensions.get(ALPN)),
    version: versions === undefined ? legacyVersion : highest(versions),
  };
}

function parseExtensions(cursor: TlsCursor): Map<number, TlsCursor> {
  const extensions = new Map<number, TlsCursor>();
  while (!cursor.isAtEnd) {
    const type = cursor.number(2);
    if (extensions.has(type)) {
      const state = `extension ${type} comes twice`;
      throw helloError(ALERT.IllegalParameter, state);
    }
    extensions.set(type, cursor.vector(2));
  }
  return extensions;
}

/**
 * Considers known versions only; GREASE and drafts have higher numbers (RFC
 * 8701).
 */
function highest(versions: readonly number[]): number {
  return Math.max(0, ...versions.filter((n) => n <= TLS_VERSION.Tls13));
}

/** Recognises the protocol of a client that omits TLS, by its first bytes. */
function recognisePlain(start: Uint8Array): string | undefined {
  if (start[0] === 5) return "SOCKS5 in the clear";
  if (start[0] === 4) return "SOCKS4 in the clear";
  const text = String.fromCharCode(...start);
  return /^[A-Z]{3}/.test(text) ? "HTTP in the clear" : undefined;
}
