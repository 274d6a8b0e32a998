/**
 * Credentials for the proxy, in the Basic scheme (RFC 7617).
 *
 * @module
 */

import { decodeBase64 } from "../base64.ts";
import type { Credentials } from "../credentials.ts";
import type { Fields } from "./fields.ts";

const BASIC = /^basic +([A-Za-z\d+/]+={0,2})$/i;
const COLON = 0x3a;

/**
 * Parses `Proxy-Authorization` (RFC 9110 §11.7.2).
 *
 * @param fields Fields of a request.
 * @returns The credentials; `undefined` if they are missing or malformed.
 */
export function parseBasicCredentials(
  fields: Fields,
): Credentials | undefined {
  const values = fields.all("proxy-authorization");
  const encoded = values.length === 1 ? BASIC.exec(values[0]!)?.[1] : undefined;
  const bytes = encoded === undefined ? undefined : decodeBase64(encoded);
  const colon = bytes?.indexOf(COLON) ?? -1;
  if (colon < 0) return undefined;
  return {
    username: new TextDecoder().decode(bytes!.subarray(0, colon)),
    password: bytes!.subarray(colon + 1),
  };
}

/**
 * Encodes the value of `Proxy-Authorization`.
 *
 * @param credentials User name without a colon, and password.
 * @returns Value of the field.
 */
export function encodeBasicCredentials(
  { username, password }: Credentials,
): string {
  const name = new TextEncoder().encode(username);
  return `Basic ${new Uint8Array([...name, COLON, ...password]).toBase64()}`;
}
