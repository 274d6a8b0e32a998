/**
 * Checks which server a certificate is for.
 *
 * @module
 */

import { parseIpAddress } from "../../../wire/ip_address.ts";
import type { X509Certificate, X509Library } from "../x509_library.ts";

/**
 * Tells whether a certificate names a server among its alternative names: in
 * full, or with a star as the first label (RFC 9525 §6). The common name does
 * not count.
 *
 * @param host Name or address of the server.
 * @returns Whether it is.
 */
export function isForServer(
  x509: X509Library,
  certificate: X509Certificate,
  host: string,
): boolean {
  const extension = certificate
    .getExtension(x509.SubjectAlternativeNameExtension);
  const names = extension?.names.items ?? [];
  const ip = parseIpAddress(host);
  if (ip !== undefined) {
    return names.some(({ type, value }) =>
      type === "ip" && parseIpAddress(value)?.toHex() === ip.toHex()
    );
  }
  const name = host.toLowerCase().replace(/\.$/, "");
  const wild = name.replace(/^[^.]+/, "*");
  return names.some(({ type, value }) =>
    type === "dns" && [name, wild].includes(value.toLowerCase())
  );
}
