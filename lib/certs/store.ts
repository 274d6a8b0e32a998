/**
 * A directory with an authority and what it has issued: `ca.key`, `ca.crt`,
 * `ca.crl`, and `NAME.key` and `NAME.crt` for each certificate.
 *
 * @module
 */

import { isIssuedBy, readCertificate } from "./info.ts";
import {
  checkKeyed,
  type KeyedCertificate,
} from "../serve/tls/keyed_certificate.ts";
import { revokedSerials } from "./revocation_list.ts";
import { exists, listNames, readSmallFile } from "../cli/secret_files.ts";
import { StartError } from "../cli/usage_error.ts";

/** Name of the authority's files, which no certificate can have. */
export const AUTHORITY = "ca";

/** Certificates that a listing takes. */
const MOST_CERTIFICATES = 10_000;

const MISSING = "there is no such file";

/** What ends the names of files. */
export type Extension = "key" | "crt" | "crl";

/** The directory, and what is read from it. */
export class CertStore {
  /** Its path. */
  readonly directory: string;

  /**
   * Opens the directory, which need not be there.
   *
   * @param directory Its path.
   */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Names a file.
   *
   * @param name Name of the certificate; {@linkcode AUTHORITY} is the authority.
   * @param extension Which of its files.
   */
  path(name: string, extension: Extension): string {
    const slash = this.directory.endsWith("/") ? "" : "/";
    return `${this.directory}${slash}${name}.${extension}`;
  }

  /**
   * Makes sure that nothing is overwritten.
   *
   * @param name Name of a certificate, or {@linkcode AUTHORITY}.
   * @param advice What to do about it, for the message.
   * @throws {StartError} If it has a file.
   */
  async refuseExisting(name: string, advice: string): Promise<void> {
    for (const extension of ["key", "crt", "crl"] as const) {
      const path = this.path(name, extension);
      if (!await exists(path)) continue;
      throw new StartError(`Cannot write ${path}: it exists; ${advice}`);
    }
  }

  /**
   * Reads the authority's certificate.
   *
   * @returns The certificate as PEM.
   * @throws {StartError} If there is none, it can't be read or is malformed.
   */
  async authorityCertificate(): Promise<string> {
    const path = this.path(AUTHORITY, "crt");
    const pem = await read(
      path,
      "there is no authority yet; run 'sluice cert init', or name another --dir",
    );
    const { isAuthority } = await withPath(path, () => readCertificate(pem));
    if (isAuthority) return pem;
    throw new StartError(
      `Cannot use ${path}: it is no certificate of an authority`,
    );
  }

  /**
   * Reads the authority with its key.
   *
   * @returns The two as PEM.
   * @throws {StartError} If there is none, or they can't be read, are malformed
   *   or don't belong together.
   */
  async authority(): Promise<KeyedCertificate> {
    return await this.#withKey(AUTHORITY, await this.authorityCertificate());
  }

  /**
   * Reads a certificate.
   *
   * @returns The certificate as PEM.
   * @throws {StartError} If there is none, it can't be read, is malformed, or
   *   was issued by another authority.
   */
  async certificate(name: string): Promise<string> {
    const authority = await this.authorityCertificate();
    const path = this.path(name, "crt");
    const pem = await read(
      path,
      `${MISSING}; 'sluice cert list' shows what there is`,
    );
    if (await withPath(path, () => isIssuedBy(pem, authority))) return pem;
    throw new StartError(
      `Cannot use ${path}: it was not issued by the authority that is here`,
    );
  }

  /**
   * Reads a certificate with its key.
   *
   * @returns The two as PEM.
   * @throws {StartError} As {@linkcode CertStore.certificate}, and if the key
   *   can't be read, is malformed or that of another certificate.
   */
  async keyedCertificate(name: string): Promise<KeyedCertificate> {
    return await this.#withKey(name, await this.certificate(name));
  }

  /**
   * Reads the revocation list.
   *
   * @returns The list as PEM.
   * @throws {StartError} If there is none, or it can't be read.
   */
  async revocationList(): Promise<string> {
    // An empty one in its place would forgive all that were on it.
    return await read(
      this.path(AUTHORITY, "crl"),
      `${MISSING}; bring it back, or begin anew with 'sluice cert init --force'`,
    );
  }

  /**
   * Reads which certificates are revoked.
   *
   * @returns Serial numbers as `normalizeSerial()` makes them.
   * @throws {StartError} If the list can't be read or is malformed.
   */
  async revoked(): Promise<Set<string>> {
    const list = await this.revocationList();
    const path = this.path(AUTHORITY, "crl");
    return await withPath(path, () => revokedSerials(list));
  }

  /**
   * Finds the certificates that there are.
   *
   * @returns Their names in order, without the authority's.
   * @throws {StartError} If the directory can't be read, or has too many.
   */
  async names(): Promise<string[]> {
    const ending = ".crt";
    const names = (await listNames(this.directory))
      .filter((name) => name.endsWith(ending) && !name.startsWith("."))
      .map((name) => name.slice(0, -ending.length))
      .filter((name) => name !== AUTHORITY);
    if (names.length <= MOST_CERTIFICATES) return names.sort();
    throw new StartError(
      `Cannot list ${this.directory}: it has more than ${MOST_CERTIFICATES} certificates`,
    );
  }

  async #withKey(name: string, certificate: string): Promise<KeyedCertificate> {
    const path = this.path(name, "key");
    const key = await read(path, MISSING);
    await withPath(path, () => checkKeyed({ certificate, key }));
    return { certificate, key };
  }
}

async function read(path: string, missing: string): Promise<string> {
  const text = await readSmallFile(path);
  if (text !== undefined) return text;
  throw new StartError(`Cannot read ${path}: ${missing}`);
}

/**
 * Says which file is not what it should be.
 *
 * @typeParam T What comes of the work.
 * @param path The file.
 * @param work What reads it.
 * @returns What came of it.
 * @throws {StartError} If the work throws a `SyntaxError`.
 */
export async function withPath<T>(
  path: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new StartError(`Cannot use ${path}: ${error.message}`);
  }
}
