/**
 * A relay that agrees in TLS on what its upstream has agreed on (ALPN).
 *
 * ```text
 * client                        sluice                        upstream
 *   | -- ClientHello (h2, …) ----> | -- ClientHello (h2, …) ----> |
 *   |                              | <-- ServerHello, … (h2) ---- |
 *   | <-- ServerHello, … (h2) ---- |                              |
 *   | <========================= tunnel ========================> |
 * ```
 *
 * @module
 */

import { Refusal } from "../policy/refusal.ts";
import { ALERT, encodeAlert } from "../wire/tls_alert.ts";
import type { Protocol } from "./connection.ts";
import {
  type ForwardServices,
  leaseFor,
  relay,
  upstreamsFor,
} from "./forward.ts";
import { type ListenerTls, readHello, secure } from "./over_tls.ts";
import type { Session } from "./session.ts";

/**
 * Makes the relay. What a client is told of a failure before its own TLS is
 * agreed on is an alert.
 *
 * @param tls The TLS of the listener.
 * @returns What clients are spoken with.
 */
export function agreeAsUpstream(tls: ListenerTls): Protocol<ForwardServices> {
  return async (session) => {
    const hello = await readHello(session);
    session.encodeRefusal = () => encodeAlert(ALERT.UnrecognizedName);
    upstreamsFor(session);
    session.encodeRefusal = (error) => encodeAlert(alertFor(error));
    session.endHandshake();
    session.requireAdmission();
    session.live?.begin("dial");
    using lease = await leaseFor(session, { protocols: hello.protocols });
    session.live?.end();
    const { protocol } = lease;
    // The time that the upstream took is not the client's.
    session.beginHandshake();
    session.encodeRefusal = undefined;
    await agree(
      session,
      () =>
        secure(session, tls, hello, protocol === undefined ? [] : [protocol]),
    );
    session.endHandshake();
    session.requireAdmission(); // Now as the user of its certificate.
    return await relay(session, lease);
  };
}

/** Whoever leaves in the middle of it has not asked for anything yet. */
async function agree(
  { record }: Session<ForwardServices>,
  handshake: () => Promise<void>,
): Promise<void> {
  const { target } = record;
  delete record.target;
  await handshake();
  record.target = target!;
}

function alertFor(error: unknown) {
  const isForbidden = error instanceof Refusal && error.kind === "forbidden";
  return isForbidden ? ALERT.NoApplicationProtocol : ALERT.InternalError;
}
