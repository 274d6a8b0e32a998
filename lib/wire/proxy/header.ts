/**
 * The PROXY protocol: who is behind a connection, in front of its first byte
 * (HAProxy's proxy-protocol.txt, version 1 and 2).
 *
 * @module
 */

import type { Parser } from "../parser.ts";
import type { ProxyHeader } from "./endpoints.ts";
import { parseProxyV1, V1_PREFIX } from "./v1.ts";
import { parseProxyV2, V2_SIGNATURE } from "./v2.ts";

/**
 * Parses a header of either version, where there is one. It takes no more bytes
 * than show whether there is: a client that sends none may wait for an answer
 * to its first few bytes.
 *
 * @returns The header, or the bytes that were taken and belong to none.
 * @throws {SyntaxError} If it begins as a header and goes on as none.
 */
export function* parseProxyHeader(): Parser<ProxyHeader | Uint8Array> {
  const [first] = yield 1;
  if (first === V1_PREFIX[0]) return yield* continued(V1_PREFIX, parseProxyV1);
  if (first === V2_SIGNATURE[0]) {
    return yield* continued(V2_SIGNATURE, parseProxyV2);
  }
  return new Uint8Array([first!]);
}

/** Compares byte by byte, from the second, and hands over to a parser. */
function* continued(
  magic: Uint8Array,
  parseRest: () => Parser<ProxyHeader>,
): Parser<ProxyHeader | Uint8Array> {
  for (let length = 1; length < magic.length; length++) {
    const [byte] = yield 1;
    if (byte === magic[length]) continue;
    const taken = magic.slice(0, length + 1);
    taken[length] = byte!;
    return taken;
  }
  return yield* parseRest();
}
