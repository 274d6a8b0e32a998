/**
 * The meaning of Node's codes for TLS failures.
 *
 * @module
 */

import { errorCode } from "../../observe/error_code.ts";
import { explainError } from "../../observe/explain_error.ts";
import { TlsError, type TlsErrorKind } from "./tls_error.ts";

/** The runtime's code for several faults of a certificate. */
const NOT_VERIFIED = "UNABLE_TO_VERIFY_LEAF_SIGNATURE";

/** Reasons to reject a certificate, by verification code. */
const CERTIFICATE_REASONS: ReadonlyMap<string, string> = new Map([
  ["CERT_HAS_EXPIRED", "certificate has expired"],
  ["CERT_NOT_YET_VALID", "certificate is not yet valid"],
  ["CERT_REVOKED", "certificate is revoked"],
  ["INVALID_PURPOSE", "certificate is not for this use"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "certificate is for another name"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "certificate is self-signed"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "certificate is from an unknown authority"],
  ["UNABLE_TO_GET_ISSUER_CERT", "certificate is from an unknown authority"],
  [
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
    "certificate is from an unknown authority",
  ],
  [NOT_VERIFIED, "certificate is from an unknown authority"],
]);

/** What that code may mean if it ends the handshake (Deno 2.9.6). */
const ONE_OF: Readonly<Record<"client" | "server", string>> = {
  // The runtime passes all other faults on for our verification, and hides this
  // one.
  client: "it has an unknown critical extension, or can't be read",
  server: "it is out of date, not for servers, or from an unknown authority",
};

/** The alert of a peer that supports none of the offered protocols. */
const NO_PROTOCOL = "TLSV1_ALERT_NO_APPLICATION_PROTOCOL";

/** The meaning of the peer's alerts (RFC 8446 §6.2). */
const ALERT_REASONS: ReadonlyMap<string, string> = new Map([
  [
    "SSLV3_ALERT_HANDSHAKE_FAILURE",
    "has no version or cipher in common with Sluice",
  ],
  ["SSLV3_ALERT_BAD_CERTIFICATE", "does not accept the certificate"],
  ["SSLV3_ALERT_UNSUPPORTED_CERTIFICATE", "does not accept the certificate"],
  ["SSLV3_ALERT_CERTIFICATE_REVOKED", "says the certificate is revoked"],
  ["SSLV3_ALERT_CERTIFICATE_EXPIRED", "says the certificate has expired"],
  ["SSLV3_ALERT_CERTIFICATE_UNKNOWN", "does not accept the certificate"],
  ["TLSV1_ALERT_UNKNOWN_CA", "does not know the certificate's authority"],
  ["TLSV1_ALERT_PROTOCOL_VERSION", "has no TLS version in common with Sluice"],
  ["TLSV13_ALERT_CERTIFICATE_REQUIRED", "wants a certificate"],
  [NO_PROTOCOL, "does not speak the protocol"],
  ["TLSV1_ALERT_USER_CANCELLED", "gave up"],
]);

/** Code for an answer that is not TLS. */
const NOT_TLS = "ERR_SSL_WRONG_VERSION_NUMBER";

/** Some protocols start TLS only after a plain-text exchange. */
const STARTTLS =
  " from the first byte; if it uses STARTTLS, relay to it without TLS";

/** Failures of this side, by code. */
const OWN_REASONS: ReadonlyMap<string, string> = new Map([
  ["ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE", "sent no certificate"],
  ["ERR_SSL_NO_APPLICATION_PROTOCOL", "speaks none of the protocols"],
  [NOT_TLS, "does not speak TLS"],
]);

/**
 * Returns why a certificate is rejected.
 *
 * @param code Verification code.
 * @returns For example `certificate has expired`.
 */
export function certificateReason(code: string): string {
  return CERTIFICATE_REASONS.get(code) ??
    `certificate is not accepted (${code})`;
}

/**
 * Converts Node's error of a failed handshake.
 *
 * @param error Node's error.
 * @param peer Name of the peer.
 * @returns The error; `left` if the peer ended the handshake.
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
  // Node uses the same code for alerts of both sides.
  if (message.startsWith("received fatal alert")) {
    const name = code.replace(/^ERR_SSL_/, "");
    const alert = ALERT_REASONS.get(name);
    const kind = name === NO_PROTOCOL ? "no protocol" : "left";
    return [kind, alert === undefined ? message : `${peer} ${alert}`];
  }
  if (code === "ECONNRESET") return ["left", `${peer} closed`];
  return ["refused", explainError(error)];
}
