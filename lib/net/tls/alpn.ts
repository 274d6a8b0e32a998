/**
 * Protocols in TLS, for Node's API (ALPN, RFC 7301).
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { TLSSocket } from "node:tls";

/**
 * Makes of names what Node wants to be given.
 *
 * @param protocols Names, one character for each byte; `undefined` or none
 *   agrees on nothing.
 * @returns The option of a TLS socket.
 */
export function alpnOption(
  protocols: readonly string[] | undefined,
): { ALPNProtocols?: Uint8Array } {
  if (protocols === undefined || protocols.length === 0) return {};
  // As they are on the wire: a list of buffers means nothing to Deno 2.9.6, and
  // strings would become UTF-8, while a client may offer any bytes.
  const bytes = protocols.map((name) => {
    const text = Buffer.from(name, "latin1");
    return [text.length, ...text];
  });
  return { ALPNProtocols: Buffer.from(bytes.flat()) };
}

/**
 * Tells what was agreed on.
 *
 * @param socket The socket after its handshake.
 * @returns The name; `undefined` is nothing.
 */
export function agreedProtocol(
  { alpnProtocol }: TLSSocket,
): string | undefined {
  return typeof alpnProtocol === "string" ? alpnProtocol : undefined;
}
