/**
 * TLS in front of any protocol (RFC 8446).
 *
 * ```text
 * client                         sluice
 *   | -- ClientHello ------------> |  whose certificate to show
 *   | <-- ServerHello, … --------- |
 *   | -- Certificate, … ---------> |  who the client is, where that is asked
 *   | <========= protocol =======> |
 * ```
 *
 * @module
 */

import type {
  ByteChannel,
  ConnectionEnds,
  TlsConnection,
} from "../../net/connection.ts";
import type { Identity } from "../../policy/users/identity.ts";
import type { ClientHello } from "../../wire/tls/client_hello.ts";
import type { Protocol } from "../connection.ts";
import { peekHello, tlsRefusal } from "./peek_hello.ts";
import type { ConnectionServices } from "../connection_services.ts";
import type { Session } from "../session.ts";

/** A client after the TLS handshake. */
export interface SecuredClient {
  /** The decrypted connection. */
  connection: TlsConnection;
  /** The identity in its certificate; `undefined` if it has sent none. */
  identity: Identity | undefined;
}

/**
 * How clients have to show certificates: `request` also accepts clients without
 * one, but none with an invalid one.
 */
export type ClientAuthentication = "anyone" | "request" | "require";

/** A client that wants to speak TLS. */
export interface TlsClient {
  /** Its connection, which stays open if the handshake fails. */
  channel: ByteChannel;
  /** The addresses of both ends. */
  ends: ConnectionEnds;
  /**
   * Protocols that it may ask for by ALPN; empty is none (`undefined`: the
   * listener's).
   */
  protocols: readonly string[] | undefined;
}

/** The TLS of a listener. */
export interface ListenerTls {
  /** Which clients may connect. */
  readonly clients: ClientAuthentication;
  /**
   * Does the TLS handshake with a client.
   *
   * @param hello Its ClientHello, which the handshake reads again.
   * @throws {TlsAlertError} If its ClientHello can't be served.
   * @throws {TlsError} If the handshake fails, or the certificate is invalid.
   */
  accept(hello: ClientHello, client: TlsClient): Promise<SecuredClient>;
  /**
   * Verifies the certificate of a client again, by the current files; missing
   * if clients are not asked for one.
   *
   * @param certificates The sent certificates as DER.
   * @throws {TlsError} If it is no longer valid.
   */
  verifyAgain?(certificates: readonly Uint8Array[]): Promise<void>;
}

/**
 * Puts TLS in front of a protocol. The timeout of the handshake covers both
 * TLS and the handshake of the protocol.
 *
 * @typeParam S Services of the protocol.
 * @param protocol The protocol inside TLS.
 * @returns The protocol with TLS.
 */
export function overTls<S extends ConnectionServices>(
  tls: ListenerTls,
  protocol: Protocol<S>,
): Protocol<S> {
  return async (session) => {
    const hello = await readHello(session);
    await secure(session, tls, hello);
    return await protocol(session);
  };
}

/**
 * Reads the ClientHello, and leaves its bytes to be read again.
 *
 * @param session The client; gets the requested server name. Its reader is
 *   released.
 * @throws {Refusal} If it is no ClientHello.
 */
export async function readHello(
  session: Session,
): Promise<ClientHello> {
  const hello = await peekHello(session);
  session.reader.release();
  return hello;
}

/**
 * Does the TLS handshake; the session continues inside TLS.
 *
 * @param session The client.
 * @param hello Its ClientHello, which the handshake reads again.
 * @param protocols Protocols that it may ask for (default: the listener's).
 * @throws {Refusal} If its certificate is invalid.
 * @throws {TlsError} If the client has closed.
 */
export async function secure(
  session: Session,
  tls: ListenerTls,
  hello: ClientHello,
  protocols?: readonly string[],
): Promise<void> {
  const { client, context, local, remote } = session;
  try {
    const ends = { localAddr: local, remoteAddr: remote };
    const channel = client.channel();
    const secured = await tls.accept(hello, { channel, ends, protocols });
    const { connection, identity } = secured;
    session.protocol = connection.protocol;
    session.enter(connection, identity);
    if (context.cancelled) connection.close();
  } catch (error) {
    throw tlsRefusal(session, error);
  }
}
