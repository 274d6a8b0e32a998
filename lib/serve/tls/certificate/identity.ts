/**
 * Reads the identity in a client certificate.
 *
 * @module
 */

import { TlsError } from "../../../net/tls/tls_error.ts";
import type { Identity } from "../../../policy/users/identity.ts";
import type { X509Certificate, X509Library } from "../x509_library.ts";

/**
 * Kinds of alternative names that identify a client, in order of preference.
 */
const KINDS = ["email", "dns", "url"] as const;

/** Most characters of a name. */
const MOST_CHARACTERS = 255;

/**
 * Reads the identity in a client's certificate: the first e-mail address, DNS
 * name or URI of its alternative names, or else the common name.
 *
 * @param certificate The verified certificate.
 * @returns The identity. DNS names are in lower case.
 * @throws {TlsError} If it contains no identity.
 */
export function certificateIdentity(
  x509: X509Library,
  certificate: X509Certificate,
): Identity {
  const extension = certificate
    .getExtension(x509.SubjectAlternativeNameExtension);
  const names = extension?.names.items ?? [];
  for (const kind of KINDS) {
    const found = names.find(({ type }) => type === kind)?.value;
    if (found === undefined) continue;
    return identity(kind === "dns" ? found.toLowerCase() : found);
  }
  return identity(certificate.subjectName.getField("CN")[0] ?? "");
}

function identity(name: string): Identity {
  if (name !== "" && name.length <= MOST_CHARACTERS) {
    return { name, via: "certificate" };
  }
  throw new TlsError(
    "refused",
    `TLS handshake failed: client's certificate names nobody`,
  );
}
