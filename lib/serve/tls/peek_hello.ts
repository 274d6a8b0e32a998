/**
 * The first words of a client of TLS, and those of others.
 *
 * @module
 */

import { CutError } from "../../observe/cut_error.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import { TlsError } from "../../net/tls/tls_error.ts";
import {
  type ClientHello,
  parseClientHello,
} from "../../wire/tls/client_hello.ts";
import { greetingProtocols } from "../../wire/tls/starttls.ts";
import { encodeAlert, TlsAlertError } from "../../wire/tls/alert.ts";
import type { Refusals } from "../refusals.ts";
import type { Session } from "../session.ts";

/** Alerts before the TLS of a listener or of a relay is agreed on. */
export const TLS_REFUSALS: Refusals = {
  encode: (error) =>
    error instanceof Refusal && error.cause instanceof TlsAlertError
      ? encodeAlert(error.cause.alert)
      : undefined,
};

/** What works for protocols whose TLS does not begin with the first byte. */
const PASS_THROUGH =
  "with 'sluice forward' without --tls-cert and --sni, so that client and target agree on encryption themselves";

/**
 * Reads the ClientHello, and leaves its bytes to be read again.
 *
 * @param session The client; it has the server's name then. The reader still
 *   holds the stream.
 * @throws {Refusal} If it is no ClientHello. Where the client speaks another
 *   protocol that has TLS inside, the message says which, and what works.
 */
export async function peekHello(
  session: Session,
): Promise<ClientHello> {
  const { context, draining, reader } = session;
  const describe = describeSilence(session);
  session.refusals = TLS_REFUSALS;
  try {
    const hello = await session.awaitRequest(
      () => reader.parse(parseClientHello()),
      (late) =>
        context.cancel(draining.cancelled ? draining.reason : describe(late)),
    );
    session.serverName = hello.serverName;
    reader.unread(hello.bytes);
    return hello;
  } catch (error) {
    throw tlsRefusal(session, error);
  }
}

/** Who has sent nothing in all the time may be waiting for a greeting. */
function describeSilence(
  { client, local }: Session,
): (late: unknown) => unknown {
  const before = client.received - client.inbox.length;
  return (late) => {
    if (client.received > before) return late;
    const names = greetingProtocols(local.port);
    const { message } = late as Error;
    return new CutError(
      "handshake-timeout",
      `${message} without a byte: a client of ${names} waits for a greeting first; pass such clients through ${PASS_THROUGH}`,
    );
  };
}

/**
 * Describes a failed handshake: a refusal if Sluice decided against the client,
 * otherwise the way in which the client ended.
 *
 * @param session The client.
 * @param error Error of the handshake.
 * @returns The error to throw.
 */
export function tlsRefusal(
  session: Session,
  error: unknown,
): unknown {
  // What fails then does so because the connection was closed.
  if (session.context.cancelled) return session.context.reason;
  if (error instanceof TlsAlertError) {
    const { message, protocol } = error;
    const advice = protocol === undefined
      ? ""
      : `: pass it through ${PASS_THROUGH}`;
    return new Refusal(
      "forbidden",
      `TLS handshake failed: ${message}${advice}`,
      { cause: error },
    );
  }
  const isOurs = error instanceof TlsError && error.kind === "refused";
  return isOurs
    ? new Refusal("forbidden", error.message, { cause: error })
    : error;
}
