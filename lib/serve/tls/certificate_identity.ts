/**
 * Whose a certificate is.
 *
 * @module
 */

import { TlsError } from "../../net/tls/tls_error.ts";
import type { Identity } from "../../policy/users/identity.ts";
import type { X509Certificate, X509Library } from "./x509_library.ts";

/** Kinds of alternative names that can stand for a client, the first wins. */
const KINDS = ["email", "dns", "url"] as const;

/** Characters of a name; longer ones are no names. */
const MOST_CHARACTERS = 255;

/**
 * Reads whose a client's certificate is: the first e-mail address of its
 * alternative names, or DNS name, or URI; where it has none of them, the common
 * name.
 *
 * @param x509 The library.
 * @param certificate The certificate; it has been verified.
 * @returns The identity. DNS names are in lower case.
 * @throws {TlsError} If it names nobody.
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
