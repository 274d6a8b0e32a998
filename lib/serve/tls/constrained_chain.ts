/**
 * Name constraints along a chain of certificates (RFC 5280 §6.1.4 g).
 *
 * @module
 */

import {
  type CertificateFields,
  EXTENSION,
  readCertificateFields,
} from "./certificate/fields.ts";
import { canonicalName } from "./directory_name.ts";
import { readNames } from "./general_name.ts";
import { NameConstraints } from "./name_constraints.ts";
import type { X509Certificate } from "./x509_library.ts";

/**
 * Most comparisons of names with constraints for one chain, a matter of
 * milliseconds.
 */
const MOST_COMPARED = 65_536;

const NAME_CONSTRAINTS = "2.5.29.30";

/** One certificate of a chain. */
interface Link {
  fields: CertificateFields;
  constraints: NameConstraints | undefined;
}

/** Cached constraints: authorities are asked about every certificate. */
const read = new WeakMap<X509Certificate, Link>();

/**
 * Tells whether a certificate constrains names, critical or not.
 *
 * @returns Whether it does.
 */
export function constrainsNames(certificate: X509Certificate): boolean {
  return certificate.extensions.some(({ type }) => type === NAME_CONSTRAINTS);
}

/**
 * Checks the names in a chain against the constraints of all its authorities,
 * the trusted one included.
 *
 * @param chain The holder's certificate, and those up to the trusted authority.
 * @returns The fault; `undefined` if none.
 */
export function constraintFault(
  chain: readonly X509Certificate[],
): string | undefined {
  if (!chain.some(constrainsNames)) return undefined;
  try {
    return faultOf(chain.map(readLink));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return "names that can't be read";
  }
}

function faultOf(links: readonly Link[]): string | undefined {
  let compared = 0;
  for (const [index, { fields }] of links.entries()) {
    // A new key of an authority keeps the authority's name.
    if (index > 0 && isSelfIssued(fields)) continue;
    const names = readNames(fields, index === 0);
    for (const { constraints } of links.slice(index + 1)) {
      if (constraints === undefined) continue;
      compared += names.length * constraints.size;
      if (compared > MOST_COMPARED) {
        return `more than ${MOST_COMPARED} pairs of a name and a constraint`;
      }
      const fault = constraints.faultOf(names);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

function readLink(certificate: X509Certificate): Link {
  const known = read.get(certificate);
  if (known !== undefined) return known;
  const fields = readCertificateFields(new Uint8Array(certificate.rawData));
  const value = fields.extensions.get(EXTENSION.NameConstraints);
  const constraints = value && new NameConstraints(value);
  const link = { fields, constraints };
  read.set(certificate, link);
  return link;
}

function isSelfIssued({ issuer, subject }: CertificateFields): boolean {
  const [one, other] = [issuer, subject].map(canonicalName);
  return JSON.stringify(one) === JSON.stringify(other);
}
