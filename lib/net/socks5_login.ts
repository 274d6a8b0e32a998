/**
 * The greeting of a SOCKS5 client (RFC 1928 §3, RFC 1929), whatever it asks for
 * then.
 *
 * @module
 */

import type { Parent } from "../wire/parent_url.ts";
import { METHOD } from "../wire/socks/v5.ts";
import {
  encodeCredentials,
  parseCredentialsReply,
} from "../wire/socks/v5_credentials.ts";
import {
  encodeGreeting,
  parseMethodSelection,
} from "../wire/socks/v5_greeting.ts";
import type { ByteReader } from "./byte_reader.ts";
import type { DialError, DialErrorKind } from "./dial_error.ts";
import type { Duplex } from "./duplex.ts";

/** Makes an error from the reply of the parent. */
export type HopFailure = (kind: DialErrorKind, state: string) => DialError;

/**
 * Greets a parent and logs in, if it wants that.
 *
 * @param duplex Connection to the parent, before the first byte.
 * @param reader Reads the connection.
 * @param failed Makes the error.
 * @throws {DialError} `parent failed`, if the parent refuses the login.
 */
export async function logInSocks5(
  duplex: Duplex,
  reader: ByteReader,
  { credentials }: Parent,
  failed: HopFailure,
): Promise<void> {
  const methods = credentials === undefined
    ? [METHOD.NoAuthentication]
    : [METHOD.UsernamePassword, METHOD.NoAuthentication];
  await duplex.write(encodeGreeting(methods));
  const method = await reader.parse(parseMethodSelection());
  if (method === METHOD.UsernamePassword && credentials !== undefined) {
    const password = new TextEncoder().encode(credentials.password);
    await duplex.write(encodeCredentials({ ...credentials, password }));
    if (!await reader.parse(parseCredentialsReply())) {
      throw failed("parent failed", "it refuses our user name and password");
    }
  } else if (method !== METHOD.NoAuthentication) {
    throw failed("parent failed", `it wants method ${method}`);
  }
}
