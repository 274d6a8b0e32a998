/**
 * TLS with a server, over a connection to it. The module loads `node:tls`:
 * import it where it is first needed.
 *
 * @module
 */

import type { Socket } from "node:net";
import tls from "node:tls";
import type { Context } from "../../sync/context.ts";
import { parseIpAddress } from "../../wire/ip_address.ts";
import { agreedProtocol, alpnOption } from "./alpn.ts";
import type { Connection, TlsConnection } from "../connection.ts";
import { NodeConnection } from "./node_connection.ts";
import { NodeTransport } from "./node_transport.ts";
import { peerCertificates } from "./peer_certificates.ts";
import { endHandshake } from "./handshake.ts";

/** How servers are verified, and what is shown to them. */
export interface ClientTlsSettings {
  /** Their authorities as PEM (default: those that the system trusts). */
  authorities?: string | undefined;
  /** Certificate to show, and what follows it up to its authority, as PEM. */
  certificate?: string | undefined;
  /** Its private key as PEM; secret. */
  key?: string | undefined;
  /** Name to ask for and to find in the certificate (default: the host). */
  name?: string | undefined;
  /** Whether any certificate will do (default false). */
  isInsecure?: boolean;
  /** The lowest version (default 1.2). */
  minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Protocols to offer by ALPN (default none). */
  protocols?: readonly string[];
}

/** Options for {@linkcode startTls}. */
export interface StartTlsOptions extends ClientTlsSettings {
  /** Name or address of the server, which its certificate has to be for. */
  host: string;
  /**
   * Verifies the certificates that the server has sent, as DER, its own first;
   * `host` is what they have to be for. Not asked where any will do.
   *
   * @throws {TlsError} If they are not good.
   */
  verify: (certificates: readonly Uint8Array[], host: string) => Promise<void>;
  /** Gives up when cancelled; its time limit is that of the handshake. */
  context?: Context | undefined;
}

/**
 * Agrees on TLS with the server at the other end of a connection. What is made
 * of it half-closes as the connection does, and closes it.
 *
 * @param connection The connection. Where this fails, the caller closes it.
 * @param options Who the server is to be, and how that is verified.
 * @returns What is said inside of TLS.
 * @throws {TlsError} If it can't be agreed on, or the server is not that one.
 * @throws The reason of the cancellation.
 */
export async function startTls(
  connection: Connection,
  options: StartTlsOptions,
): Promise<TlsConnection> {
  const { context } = options;
  context?.throwIfCancelled();
  const transport = new NodeTransport(connection);
  const socket = tls.connect({
    ...settingsOf(options),
    socket: transport as unknown as Socket,
  });
  const leave = context?.onCancel((reason) => socket.destroy(reason as Error));
  try {
    await endHandshake(socket, transport, {
      peer: "server",
      event: "secureConnect",
    });
    if (!options.isInsecure) {
      await options.verify(peerCertificates(socket), serverOf(options));
    }
  } catch (error) {
    await transport.detach();
    context?.throwIfCancelled();
    throw error;
  } finally {
    leave?.();
  }
  const { flow } = transport;
  const protocol = agreedProtocol(socket);
  return new NodeConnection(socket, {
    ...{ ends: connection, flow, protocol },
    carrier: connection,
  });
}

function serverOf({ host, name }: StartTlsOptions): string {
  return name ?? host;
}

function settingsOf(options: StartTlsOptions): tls.ConnectionOptions {
  const { authorities, certificate, key, protocols } = options;
  const server = serverOf(options);
  const isAddress = parseIpAddress(server) !== undefined;
  const settings = {
    host: server,
    // An address is no name of a server (RFC 6066 §3).
    servername: isAddress ? "" : server,
    rejectUnauthorized: !options.isInsecure,
    minVersion: options.minVersion ?? "TLSv1.2",
    allowHalfOpen: true, // Missing in the types, although Node takes it.
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...alpnOption(protocols),
  };
  return settings;
}
