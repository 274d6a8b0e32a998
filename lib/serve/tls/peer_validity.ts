/**
 * Reads how long a server's certificate is valid. Import this module lazily: it
 * loads `node:tls`.
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
  /** Server name to request; empty for an address. */
  servername: string;
  /** Bytes to send before TLS; may be empty. */
  header: Uint8Array;
}

/** Validity of a certificate, in milliseconds since 1970. */
export interface Validity {
  /** From when. */
  from: number;
  /** Until when. */
  to: number;
}

/**
 * Reads a server's certificate without verifying it.
 *
 * @param peer The server.
 * @param options `patience`: milliseconds that it has.
 * @returns The validity; `undefined` if it sent no certificate.
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
