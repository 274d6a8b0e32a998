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

/** A client that TLS was agreed on with. */
export interface SecuredClient {
  /** What is said inside of TLS. */
  connection: TlsConnection;
  /** Who its certificate says it is; `undefined` where it has shown none. */
  identity: Identity | undefined;
}

/**
 * How clients have to show certificates: `request` also accepts clients without
 * one, but none with an invalid one.
 */
export type ClientAuthentication = "anyone" | "request" | "require";

/** A client that wants to speak TLS. */
export interface TlsClient {
  /** Its connection; still open where TLS can't be agreed on. */
  channel: ByteChannel;
  /** Where it is. */
  ends: ConnectionEnds;
  /**
   * Protocols that it may ask for by ALPN; empty is none (`undefined`: the
   * listener's).
   */
  protocols: readonly string[] | undefined;
}

/** The TLS of a listener. */
export interface ListenerTls {
  /** Which clients may come in. */
  readonly clients: ClientAuthentication;
  /**
   * Agrees on TLS with a client.
   *
   * @param hello What it has said, and will be read again.
   * @throws {TlsAlertError} If its ClientHello can't be served.
   * @throws {TlsError} If it can't be agreed on, or the certificate is no good.
   */
  accept(hello: ClientHello, client: TlsClient): Promise<SecuredClient>;
  /**
   * Verifies the certificate of a client once more, by what is in force now;
   * missing where clients are not asked for one.
   *
   * @param certificates What it has shown.
   * @throws {TlsError} If it is not good any more.
   */
  verifyAgain?(certificates: readonly Uint8Array[]): Promise<void>;
}

/**
 * Puts TLS in front of a protocol. It has to fit into the time of the
 * handshake, together with what the protocol needs of that.
 *
 * @typeParam S What the protocol works with.
 * @param protocol What is spoken inside.
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
 * Reads what a client says first, and leaves it to be read again.
 *
 * @param session The client; it has the server's name then. The reader is
 *   released.
 * @returns What it says.
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
 * Agrees on TLS with a client; the session goes on inside of it.
 *
 * @param session The client.
 * @param hello What it has said, and will be read again.
 * @param protocols Protocols that it may ask for (default: the listener's).
 * @throws {Refusal} If what it has shown is no good.
 * @throws {TlsError} If it has left.
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
