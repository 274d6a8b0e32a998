/**
 * Loads the X.509 library when needed, and parses with it.
 *
 * @module
 */

import type * as Schema from "@peculiar/asn1-schema";
import type * as Structures from "@peculiar/asn1-x509";
import type * as X509 from "@peculiar/x509";
import { decodePem } from "../../wire/pem.ts";

/**
 * Parts that a revocation list may have; a certificate on it is seven of them.
 * The library's own limit is reached with 1,400 certificates.
 */
const MOST_NODES = 100_000;

/** The library. */
export type X509Library = typeof X509;

/** What the library reads and writes ASN.1 with. */
export type X509Structures =
  & Pick<typeof Schema, "AsnConvert">
  & Pick<typeof Structures, "CertificateList">;

/** A revocation list as ASN.1. */
export type ListStructure = InstanceType<X509Structures["CertificateList"]>;

/** A certificate as the library has it. */
export type X509Certificate = InstanceType<X509Library["X509Certificate"]>;

/** A revocation list as the library has it. */
export type X509RevocationList = InstanceType<X509Library["X509Crl"]>;

/** An extension as the library has it. */
export type X509Extension = InstanceType<X509Library["Extension"]>;

/**
 * Loads the library. It takes a tenth of a second, so only commands that need
 * it load it.
 */
export async function loadX509(): Promise<X509Library> {
  await import("reflect-metadata"); // The library does not work without it.
  return await import("@peculiar/x509");
}

/** Loads what the library reads and writes ASN.1 with. */
export async function loadStructures(): Promise<X509Structures> {
  const { AsnConvert } = await import("@peculiar/asn1-schema");
  const { CertificateList } = await import("@peculiar/asn1-x509");
  return { AsnConvert, CertificateList };
}

/**
 * Parses a certificate.
 *
 * @param pem The first certificate in it is taken.
 * @throws {SyntaxError} If there is none.
 */
export function parseCertificate(
  x509: X509Library,
  pem: string,
): X509Certificate {
  try {
    const certificate = new x509.X509Certificate(decodePem(pem, "CERTIFICATE"));
    // The library parses these lazily, and would throw later.
    void certificate.extensions;
    void certificate.publicKey.algorithm;
    return certificate;
  } catch (cause) {
    throw new SyntaxError("not a certificate in PEM", { cause });
  }
}

/**
 * Parses a list of revoked certificates.
 *
 * @param pem The first list in it is taken.
 * @throws {SyntaxError} If there is none.
 */
export async function parseRevocationList(
  x509: X509Library,
  pem: string,
): Promise<X509RevocationList> {
  return new x509.X509Crl(parseListStructure(await loadStructures(), pem));
}

/**
 * Parses a list of revoked certificates into a structure that can be changed.
 *
 * @param structures Kinds of structures.
 * @param pem The first list in it is taken.
 * @throws {SyntaxError} If there is none.
 */
export function parseListStructure(
  { AsnConvert, CertificateList }: X509Structures,
  pem: string,
): ListStructure {
  try {
    return AsnConvert.parse(decodePem(pem, "X509 CRL"), CertificateList, {
      berOptions: { maxNodes: MOST_NODES },
    });
  } catch (cause) {
    throw new SyntaxError("not a revocation list in PEM", { cause });
  }
}
