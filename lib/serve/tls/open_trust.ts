/**
 * Opens the trust in clients and servers from PEM text.
 *
 * @module
 */

import { splitPem } from "../../wire/pem.ts";
import { CertificateTrust } from "./certificate/trust.ts";
import { TlsFault } from "./fault.ts";
import { RevocationLists } from "./revocation_lists.ts";
import { loadX509, parseCertificate } from "./x509_library.ts";

/**
 * Opens the verification of client certificates.
 *
 * @param authorities Trusted authorities, as PEM.
 * @param lists Their revocation lists, as PEM; none means that no certificate
 *   is revoked.
 * @throws {SyntaxError} If an authority or list is unusable.
 */
export async function openClientTrust(
  authorities: string,
  lists: string | undefined,
): Promise<CertificateTrust> {
  const x509 = await loadX509();
  const trusted = splitPem(authorities, "CERTIFICATE")
    .map((pem) => parseCertificate(x509, pem));
  const stranger = trusted.find((certificate) =>
    !certificate.getExtension(x509.BasicConstraintsExtension)?.ca
  );
  if (stranger !== undefined) {
    throw new TlsFault(
      "authorities",
      `${stranger.subject} of --tls-client-ca is not an authority`,
    );
  }
  const { keyCertSign } = x509.KeyUsageFlags;
  const unable = trusted.find((certificate) => {
    const usage = certificate.getExtension(x509.KeyUsagesExtension);
    return usage !== null && (usage.usages & keyCertSign) === 0;
  });
  if (unable !== undefined) {
    throw new SyntaxError(
      `${unable.subject} of --tls-client-ca is not for signing certificates: its keyUsage lacks keyCertSign`,
    );
  }
  const revoked = lists === undefined
    ? undefined
    : await openLists(x509, lists, trusted);
  return new CertificateTrust(x509, trusted, { holder: "client", revoked });
}

/**
 * Opens the verification of server certificates.
 *
 * @param authorities Trusted authorities, as PEM.
 * @returns The trust, without unreadable authorities.
 */
export async function openServerTrust(
  authorities: string,
): Promise<CertificateTrust> {
  const x509 = await loadX509();
  const trusted = splitPem(authorities, "CERTIFICATE").flatMap((pem) => {
    try {
      return [parseCertificate(x509, pem)];
    } catch {
      return []; // The system may have malformed ones.
    }
  });
  return new CertificateTrust(x509, trusted, { holder: "server" });
}

async function openLists(
  ...args: Parameters<typeof RevocationLists.open>
): Promise<RevocationLists> {
  try {
    return await RevocationLists.open(...args);
  } catch (error) {
    throw new TlsFault("lists", `--tls-crl: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
