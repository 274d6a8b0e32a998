/**
 * How long the certificate holds that a server shows. The module loads
 * `node:tls`: import it where it is first needed.
 *
 * @module
 */

import net from "node:net";
import tls from "node:tls";
import { parseIpAddress } from "../../wire/ip_address.ts";

/** A server that speaks TLS. */
export interface TlsPeer {
  /** Its address. */
  hostname: string;
  /** Its port. */
  port: number;
  /** What it is asked for; an address is not. */
  servername: string;
  /** What it wants to read before TLS; nothing where it does not. */
  header: Uint8Array;
}

/** From when until when a certificate holds, in milliseconds since 1970. */
export interface Validity {
  /** From when. */
  from: number;
  /** Until when. */
  to: number;
}

/**
 * Asks a server for its certificate. Nothing of it is verified.
 *
 * @param peer The server.
 * @param options `patience`: milliseconds that it has.
 * @returns What its certificate says; `undefined` where it did not show any.
 */
export function readPeerValidity(
  { header, hostname, port, servername }: TlsPeer,
  { patience }: { patience: number },
): Promise<Validity | undefined> {
  const { promise, resolve } = Promise.withResolvers<Validity | undefined>();
  const plain = net.connect({ host: hostname, port });
  if (header.length > 0) plain.write(header);
  const socket = tls.connect({
    ...{ socket: plain, rejectUnauthorized: false },
    ...parseIpAddress(servername) === undefined ? { servername } : {},
  });
  const end = (validity?: Validity) => {
    clearTimeout(timer);
    socket.destroy();
    plain.destroy();
    resolve(validity);
  };
  const timer = setTimeout(end, patience);
  plain.once("error", () => end());
  socket.once("error", () => end());
  socket.once("secureConnect", () => {
    const { valid_from, valid_to } = socket.getPeerCertificate();
    if (valid_from === undefined || valid_to === undefined) return end();
    end({ from: Date.parse(valid_from), to: Date.parse(valid_to) });
  });
  return promise;
}
