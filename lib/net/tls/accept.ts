/**
 * TLS with a client. Import this module lazily: it loads `node:tls`.
 *
 * @module
 */

import type { Socket } from "node:net";
import tls from "node:tls";
import { agreedProtocol, alpnOption } from "./alpn.ts";
import type {
  ByteChannel,
  ConnectionEnds,
  TlsConnection,
} from "../connection.ts";
import { NodeConnection } from "./node_connection.ts";
import { NodeTransport } from "./node_transport.ts";
import { peerCertificates } from "./peer_certificates.ts";
import { TlsError } from "./tls_error.ts";
import { endHandshake } from "./handshake.ts";
import { certificateReason } from "./reason.ts";

/** What a TLS server shows, and what it wants to see. */
export interface ServerIdentity {
  /** Certificate and what follows it up to the authority, as PEM. */
  certificate: string;
  /** Its private key as PEM; secret. */
  key: string;
  /** Authorities of clients as PEM; none asks for no certificate. */
  clientAuthorities?: string;
  /** Whether a client may come without a certificate (default false). */
  isOptional?: boolean;
  /**
   * Whether Node may be wrong in not finding a way from a client's certificates
   * to an authority. Those are let through: the caller verifies them.
   */
  isDisputed?: (certificates: readonly Uint8Array[]) => boolean;
  /** Protocols that clients may ask for; none is any. */
  protocols?: readonly string[];
}

/** A client that TLS was agreed on with. */
export interface AcceptedTls {
  /** The connection inside TLS. */
  connection: TlsConnection;
  /** The client's certificate and those it sent along; none where it has none. */
  certificates: readonly Uint8Array[];
}

/** Code of a certificate that no authority is found for. */
const NO_CHAIN = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/** What TLS needs on a socket beyond its types. */
interface ServerSocket extends tls.TLSSocket {
  _handle: {
    /** Code of what is wrong with the client's certificate, or nothing. */
    verifyError(): string;
  } | null;
}

/** A server that can accept. */
export class TlsAcceptor {
  readonly #options: tls.TLSSocketOptions;
  readonly #isDisputed: ServerIdentity["isDisputed"];

  /**
   * Prepares what all handshakes share.
   *
   * @param identity What the server shows, and wants to see.
   * @throws {Error} If Node can't use it.
   */
  constructor(identity: ServerIdentity) {
    const { certificate, key, clientAuthorities, protocols } = identity;
    const isAsked = clientAuthorities !== undefined;
    this.#isDisputed = identity.isDisputed;
    this.#options = {
      isServer: true,
      secureContext: tls.createSecureContext({
        cert: certificate,
        key,
        minVersion: "TLSv1.2",
        ...(isAsked ? { ca: clientAuthorities } : {}),
      }),
      requestCert: isAsked,
      rejectUnauthorized: isAsked && !identity.isOptional,
      ...alpnOption(protocols),
    };
  }

  /**
   * Does the TLS handshake with a client. A certificate that Node rejects is
   * refused before the client gets a ticket to resume the session with.
   *
   * @param channel The connection at the first byte of TLS. On failure it stays
   *   open, and the client has been sent an alert if TLS has one for the error.
   * @param protocols Protocols that this client may ask for; empty is none
   *   (default: those of the identity).
   * @returns The decrypted connection, and the client's certificates. The caller
   *   must verify them, because Node does not in a resumed session.
   * @throws {TlsError} If the handshake fails.
   */
  async accept(
    channel: ByteChannel,
    ends: ConnectionEnds,
    protocols?: readonly string[],
  ): Promise<AcceptedTls> {
    const transport = new NodeTransport(channel);
    // The types know neither a stream here nor an end for each direction.
    const socket = new tls.TLSSocket(transport as unknown as Socket, {
      ...this.#options,
      ...alpnOption(protocols),
      allowHalfOpen: true,
    } as tls.TLSSocketOptions) as ServerSocket;
    await endHandshake(socket, transport, {
      peer: "client",
      event: "secure",
      judge: () => judge(socket, this.#isDisputed),
    });
    const certificates = this.#options.requestCert
      ? peerCertificates(socket)
      : [];
    const { flow } = transport;
    const protocol = agreedProtocol(socket);
    const connection = new NodeConnection(socket, {
      ...{ ends, flow, protocol },
      carrier: channel,
    });
    return { connection, certificates };
  }
}

function judge(
  socket: ServerSocket,
  isDisputed: ServerIdentity["isDisputed"],
): TlsError | undefined {
  // Without a handle nobody could tell whether Node has looked: that is a fault
  // too.
  const code = socket._handle?.verifyError() ?? "no verdict";
  if (code === "") return undefined;
  const certificates = peerCertificates(socket);
  if (code === NO_CHAIN && isDisputed?.(certificates)) return undefined;
  const message = `TLS handshake failed: client's ${certificateReason(code)}`;
  return new TlsError("refused", message, { certificates });
}
