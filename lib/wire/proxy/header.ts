/**
 * The PROXY protocol: the client's address, sent before the first byte of a
 * connection (HAProxy's proxy-protocol.txt, versions 1 and 2).
 *
 * @module
 */

import type { Parser } from "../parser.ts";
import type { ProxyHeader } from "./endpoints.ts";
import { parseProxyV1, V1_PREFIX } from "./v1.ts";
import { parseProxyV2, V2_SIGNATURE } from "./v2.ts";

/**
 * Parses a header of either version, if the connection starts with one. It
 * takes only as many bytes as it needs to decide: a client without a header may
 * wait for an answer to its first few bytes.
 *
 * @returns The header, or the bytes taken so far if they are not a header.
 * @throws {SyntaxError} If it starts like a header and continues differently.
 */
export function* parseProxyHeader(): Parser<ProxyHeader | Uint8Array> {
  const [first] = yield 1;
  if (first === V1_PREFIX[0]) return yield* continued(V1_PREFIX, parseProxyV1);
  if (first === V2_SIGNATURE[0]) {
    return yield* continued(V2_SIGNATURE, parseProxyV2);
  }
  return new Uint8Array([first!]);
}

/** Compares the other bytes of the magic one by one, then runs the parser. */
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
