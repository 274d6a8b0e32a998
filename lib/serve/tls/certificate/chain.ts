/**
 * Builds the chain of a certificate (RFC 5280 §6.1).
 *
 * @module
 */

import type { X509Certificate, X509Library } from "../x509_library.ts";

/** Most certificates up to an authority, the first one included. */
export const MOST_LINKS = 6;

/** A chain, or what is wrong with the certificate. */
export type CertificateChain =
  | {
    /** The certificates; the authority is the last. */
    links: X509Certificate[];
  }
  | {
    /** The fault, in words that follow "certificate". */
    fault: string;
  };

/**
 * Builds the chain from a certificate up to a trusted authority. Signatures are
 * checked; dates and uses of the first certificate are not.
 *
 * @param own The first certificate.
 * @param others Trusted authorities, and the other certificates that were sent.
 * @returns The chain, with the authority last.
 */
export async function buildChain(
  x509: X509Library,
  own: X509Certificate,
  { authorities, others }: {
    authorities: readonly X509Certificate[];
    others: readonly X509Certificate[];
  },
): Promise<CertificateChain> {
  const links = [own];
  while (links.length <= MOST_LINKS) {
    const authority = await issuerOf(x509, links, authorities);
    if (authority !== undefined) return { links: [...links, authority] };
    const rest = others.filter((other) => !links.includes(other));
    const next = await issuerOf(x509, links, rest);
    if (next === undefined) return { fault: "is from an unknown authority" };
    links.push(next);
  }
  return { fault: "is too far from its authority" };
}

/** Finds the issuer of the last link. */
async function issuerOf(
  x509: X509Library,
  links: readonly X509Certificate[],
  candidates: readonly X509Certificate[],
): Promise<X509Certificate | undefined> {
  const last = links.at(-1)!;
  for (const candidate of candidates) {
    if (candidate.subject !== last.issuer) continue;
    if (!mayIssue(x509, candidate, links.length - 1)) continue;
    if (await isSignedBy(last, candidate)) return candidate;
  }
  return undefined;
}

/** Whether it is an authority's and may have so many of them below it. */
function mayIssue(
  x509: X509Library,
  certificate: X509Certificate,
  below: number,
): boolean {
  const basic = certificate.getExtension(x509.BasicConstraintsExtension);
  const usage = certificate.getExtension(x509.KeyUsagesExtension);
  const { keyCertSign } = x509.KeyUsageFlags;
  return basic?.ca === true && below <= (basic.pathLength ?? Infinity) &&
    (usage === null || (usage.usages & keyCertSign) !== 0);
}

async function isSignedBy(
  certificate: X509Certificate,
  publicKey: X509Certificate,
): Promise<boolean> {
  try {
    return await certificate.verify({ publicKey, signatureOnly: true });
  } catch {
    return false; // An unknown kind of signature.
  }
}
