/**
 * What Node's codes of TLS failures mean, for a person.
 *
 * @module
 */

import { errorCode } from "../../observe/error_code.ts";
import { explainError } from "../../observe/explain_error.ts";
import { TlsError, type TlsErrorKind } from "./tls_error.ts";

/** The code that the runtime has for several faults of a certificate. */
const NOT_VERIFIED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/** Why a certificate is not accepted, by the code of its verification. */
const CERTIFICATE_REASONS: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "certificate has expired"],
  ["CERT_NOT_YET_VALID", "certificate is not yet valid"],
  ["CERT_REVOKED", "certificate is revoked"],
  ["INVALID_PURPOSE", "certificate is not for this use"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate is for another name"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate is signed by itself"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "certificate is of an unknown authority"],
  ["UNABLE_TO_GET_ISSUER_CERT", "certificate is of an unknown authority"],
  [
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "certificate is of an unknown authority",
  ],
  [NOT_VERIFIED, "certificate is of an unknown authority"],
]);

/** What that code may mean where it ends the handshake (Deno 2.9.6). */
const ONE_OF: Readonly<Record<"client" | "server", string>> = {
  // The runtime lets all others through to be judged, and does not show this one.
  client: "it has an unknown critical extension, or can't be read",
  server: "it is out of date, not for servers, or of an unknown authority",
};

/** The alert of one that speaks no protocol that it was offered. */
const NO_PROTOCOL = "TLSV1_ALERT_NO_APPLICATION_PROTOCOL";

/** What an alert of the other side says (RFC 8446 §6.2). */
const ALERT_REASONS: ReadonlyMap<string, string> = new Map([
  ["SSLV3_ALERT_HANDSHAKE_FAILURE", "finds nothing that both speak"],
  ["SSLV3_ALERT_BAD_CERTIFICATE", "does not accept the certificate"],
  ["SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "does not accept the certificate"],
  ["SSLV3_ALERT_CERTIFICATE_REVOKED", "says the certificate is revoked"],
  ["SSLV3_ALERT_CERTIFICATE_EXPIRED", "says the certificate has expired"],
  ["SSLV3_ALERT_CERTIFICATE_UNKNOWN", "does not accept the certificate"],
  ["TLSV1_ALERT_UNKNOWN_CA", "does not know the certificate's authority"],
  ["TLSV1_ALERT_PROTOCOL_VERSION", "speaks no version of TLS that is spoken"],
  ["TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a certificate"],
  [NO_PROTOCOL, "does not speak the protocol"],
  ["TLSV1_ALERT_USER_CANCELLED", "has given up"],
]);

/** Code of an answer that is none of TLS. */
const NOT_TLS = "ERR_SSL_WRONG_VERSION_NUMBER";

/** Where TLS begins inside of another protocol it is between the ends. */
const STARTTLS =
  " from its first byte on; if it begins TLS inside of its own protocol (STARTTLS), relay to it without TLS";

/** Failures of our own side, by code. */
const OWN_REASONS: ReadonlyMap<string, string> = new Map([
  ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "sent no certificate"],
  ["ERR_SSL_NO_APPLICATION_PROTOCOL", "speaks none of the protocols"],
  [NOT_TLS, "does not speak TLS"],
]);

/**
 * Says why a certificate is not accepted.
 *
 * @param code Code of its verification.
 * @returns For example `certificate has expired`.
 */
export function certificateReason(code: string): string {
  return CERTIFICATE_REASONS.get(code) ??
    `certificate is not accepted (${code})`;
}

/**
 * Makes the error of a handshake that Node says has failed.
 *
 * @param error What Node says.
 * @param peer Who the other side is.
 * @returns The error; it is `left` where the other side has ended it.
 */
export function toTlsError(
  error: unknown,
  peer: "client" | "server",
): TlsError {
  if (error instanceof TlsError) return error;
  const [kind, reason] = explain(error, peer);
  return new TlsError(kind, `TLS handshake failed: ${reason}`, {
    cause: error,
  });
}

function explain(
  error: unknown,
  peer: "client" | "server",
): [TlsErrorKind, string] {
  const code = errorCode(error) ?? "";
  const message = error instanceof Error ? error.message : String(error);
  if (code === NOT_VERIFIED) {
    return [
      "refused",
      `${peer}'s certificate is not accepted: ${ONE_OF[peer]}`,
    ];
  }
  const certificate = CERTIFICATE_REASONS.get(code);
  if (certificate !== undefined) return ["refused", `${peer}'s ${certificate}`];
  if (peer === "server" && code === NOT_TLS) {
    return ["refused", `server does not speak TLS${STARTTLS}`];
  }
  const own = OWN_REASONS.get(code);
  if (own !== undefined) return ["refused", `${peer} ${own}`];
  // Node has the same code for alerts from both sides.
  if (message.startsWith("received fatal alert")) {
    const name = code.replace(/^ERR_SSL_/, "");
    const alert = ALERT_REASONS.get(name);
    const kind = name === NO_PROTOCOL ? "no protocol" : "left";
    return [kind, alert === undefined ? message : `${peer} ${alert}`];
  }
  if (code === "ECONNRESET") return ["left", `${peer} closed`];
  return ["refused", explainError(error)];
}
