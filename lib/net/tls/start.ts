/**
 * TLS with a server over a connection. Import this module lazily: it loads
 * `node:tls`.
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

/** How to verify servers, and the certificate for them. */
export interface ClientTlsSettings {
  /** Authorities as PEM (default: those of the system). */
  authorities?: string | undefined;
  /** Client certificate and its chain up to the authority, as PEM. */
  certificate?: string | undefined;
  /** Its private key as PEM; secret. */
  key?: string | undefined;
  /** Server name to request and to verify (default: the host). */
  name?: string | undefined;
  /** Whether to accept any certificate (default false). */
  isInsecure?: boolean;
  /** The lowest version (default 1.2). */
  minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Protocols to offer by ALPN (default none). */
  protocols?: readonly string[];
}

/** Options for {@linkcode startTls}. */
export interface StartTlsOptions extends ClientTlsSettings {
  /** Name or address of the server, which its certificate must name. */
  host: string;
  /**
   * Verifies the server's certificates, as DER, its own first, for `host`. Not
   * called if any certificate is accepted.
   *
   * @throws {TlsError} If they are not valid.
   */
  verify: (certificates: readonly Uint8Array[], host: string) => Promise<void>;
  /** Stops when cancelled; its time limit applies to the handshake. */
  context?: Context | undefined;
}

/**
 * Negotiates TLS with the server of a connection. The result half-closes as the
 * connection does, and closes it.
 *
 * @param connection The connection; the caller closes it if this fails.
 * @param options The expected server, and how to verify it.
 * @returns The connection inside TLS.
 * @throws {TlsError} If the handshake fails, or it is another server.
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
    // An address is not a server name (RFC 6066 §3).
    servername: isAddress ? "" : server,
    rejectUnauthorized: !options.isInsecure,
    minVersion: options.minVersion ?? "TLSv1.2",
    allowHalfOpen: true, // Missing in the types, although Node accepts it.
    ...(authorities === undefined ? {} : { ca: authorities }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...alpnOption(protocols),
  };
  return settings;
}
