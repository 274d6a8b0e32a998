/**
 * A relay that offers its client the protocol that the upstream chose (ALPN).
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

import { Refusal } from "../policy/limits/refusal.ts";
import { ALERT, encodeAlert } from "../wire/tls/alert.ts";
import type { Protocol } from "../serve/connection.ts";
import {
  type ForwardServices,
  leaseFor,
  relay,
  upstreamsFor,
} from "./relay.ts";
import { requireAllowed } from "./rules.ts";
import { type ListenerTls, readHello, secure } from "../serve/tls/over_tls.ts";
import { TLS_REFUSALS } from "../serve/tls/peek_hello.ts";
import type { Refusals } from "../serve/refusals.ts";

/** Refuses a client by TLS alerts during the negotiation. */
class AgreementRefusals implements Refusals {
  phase: "name" | "upstream" | "client" = "name";

  encode(error: unknown): Uint8Array | undefined {
    switch (this.phase) {
      case "name":
        return encodeAlert(ALERT.UnrecognizedName);
      case "upstream":
        return encodeAlert(alertFor(error));
      case "client":
        return TLS_REFUSALS.encode(error);
    }
  }
}

/**
 * Makes the relay. A failure before the end of the client's TLS handshake is
 * reported to it as an alert.
 *
 * @returns The protocol for clients.
 */
export function agreeAsUpstream(tls: ListenerTls): Protocol<ForwardServices> {
  return async (session) => {
    const hello = await readHello(session);
    const refusals = new AgreementRefusals();
    session.refusals = refusals;
    upstreamsFor(session);
    refusals.phase = "upstream";
    session.endHandshake();
    await session.requireAdmission();
    session.live?.begin("dial");
    using lease = await leaseFor(session, { protocols: hello.protocols });
    session.live?.end();
    const { protocol } = lease;
    // The time that the upstream took is not the client's.
    session.beginHandshake();
    refusals.phase = "client";
    // A client that leaves during the handshake has not asked for anything yet.
    const { target } = session.record;
    delete session.record.target;
    await secure(session, tls, hello, protocol === undefined ? [] : [protocol]);
    session.record.target = target!;
    session.endHandshake();
    await session.requireAdmission(); // Now as the user of its certificate.
    requireAllowed(session);
    return await relay(session, lease);
  };
}

function alertFor(error: unknown) {
  const isForbidden = error instanceof Refusal && error.kind === "forbidden";
  return isForbidden ? ALERT.NoApplicationProtocol : ALERT.InternalError;
}
