/**
 * User name and password (RFC 1929).
 *
 * @module
 */

import type { Credentials } from "../credentials.ts";
import type { Parser } from "../parser.ts";
import { malformed } from "./v5.ts";

/** Version of this sub-negotiation; all other messages have another one. */
const VERSION = 0x01;

/** Keeps a byte order mark: without it, two names would become one. */
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Parses credentials.
 *
 * ```text
 * +-----+------+----------+------+----------+
 * | VER | ULEN |  UNAME   | PLEN |  PASSWD  |
 * +-----+------+----------+------+----------+
 * |  1  |  1   | 1 to 255 |  1   | 1 to 255 |
 * +-----+------+----------+------+----------+
 * ```
 *
 * The parser accepts an empty password, although the RFC requires at least one
 * byte: the list of users decides. It rejects an empty name, because no user
 * can have it.
 *
 * @returns Name and password as sent.
 * @throws {Socks5Error} If the version is not 1 or the name is empty.
 */
export function* parseCredentials(): Parser<Credentials> {
  const [version, nameLength] = yield 2;
  if (version !== VERSION) throw malformed("credentials", `VER is ${version}`);
  // One read for the name and the length that follows it.
  const nameAndLength = yield nameLength! + 1;
  const username = UTF8.decode(nameAndLength.subarray(0, -1));
  const passwordLength = nameAndLength[nameLength!]!;
  const password = passwordLength === 0
    ? new Uint8Array()
    : yield passwordLength;
  if (nameLength === 0) throw malformed("credentials", "ULEN is 0");
  return { username, password };
}

/**
 * Encodes credentials.
 *
 * @param credentials Name and password, at most 255 bytes each.
 * @returns The whole message.
 */
export function encodeCredentials(
  credentials: Credentials,
): Uint8Array<ArrayBuffer> {
  const name = new TextEncoder().encode(credentials.username);
  const { password } = credentials;
  return new Uint8Array([
    VERSION,
    name.length,
    ...name,
    password.length,
    ...password,
  ]);
}

/**
 * Encodes the answer to credentials.
 *
 * ```text
 * +-----+--------+
 * | VER | STATUS |
 * +-----+--------+
 * |  1  |   1    |
 * +-----+--------+
 * ```
 *
 * @param accepted Whether the credentials are correct. If not, the proxy must
 *   close the connection.
 * @returns The whole message.
 */
export function encodeCredentialsReply(
  accepted: boolean,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array([VERSION, accepted ? 0 : 1]);
}

/**
 * Parses the answer to credentials.
 *
 * @returns Whether the proxy accepted the credentials.
 * @throws {SyntaxError} If the version is neither 1 nor 5, which some proxies
 *   send.
 */
export function* parseCredentialsReply(): Parser<boolean> {
  const [version, status] = yield 2;
  if (version === VERSION || version === 0x05) return status === 0;
  throw new SyntaxError(`Cannot parse credentials reply: VER is ${version}`);
}
