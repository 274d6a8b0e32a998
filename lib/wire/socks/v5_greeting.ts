/**
 * The SOCKS5 greeting and the method selection (RFC 1928 §3).
 *
 * @module
 */

import type { Parser } from "../parser.ts";
import { malformed, type Method, VERSION } from "./v5.ts";

/**
 * Parses a greeting.
 *
 * ```text
 * +-----+----------+----------+
 * | VER | NMETHODS | METHODS  |
 * +-----+----------+----------+
 * |  1  |    1     | 0 to 255 |
 * +-----+----------+----------+
 * ```
 *
 * @returns The offered methods in the client's order; empty if NMETHODS is 0.
 * @throws {Socks5Error} If the version is not 5.
 */
export function* parseGreeting(): Parser<Uint8Array> {
  const [version, count] = yield 2;
  if (version !== VERSION) throw malformed("greeting", `VER is ${version}`);
  return count === 0 ? new Uint8Array() : yield count!;
}

/**
 * Encodes a greeting.
 *
 * @param methods Methods to offer, at most 255.
 * @returns The whole message.
 */
export function encodeGreeting(methods: number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array([VERSION, methods.length, ...methods]);
}

/**
 * Encodes the proxy's method selection.
 *
 * ```text
 * +-----+--------+
 * | VER | METHOD |
 * +-----+--------+
 * |  1  |   1    |
 * +-----+--------+
 * ```
 *
 * @param method The selected method, or `METHOD.NoAcceptable`.
 * @returns The whole message.
 */
export function encodeMethodSelection(method: Method): Uint8Array<ArrayBuffer> {
  return new Uint8Array([VERSION, method]);
}

/**
 * Parses a proxy's method selection.
 *
 * @returns The method as sent.
 * @throws {SyntaxError} If the version is not 5.
 */
export function* parseMethodSelection(): Parser<number> {
  const [version, method] = yield 2;
  if (version === VERSION) return method!;
  throw new SyntaxError(`Cannot parse method selection: VER is ${version}`);
}
