/**
 * A directory with an authority (`ca.key`, `ca.crt`, `ca.crl`) and its
 * certificates (`NAME.key`, `NAME.crt`).
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

/** Most certificates in a listing. */
const MOST_CERTIFICATES = 10_000;

const MISSING = "there is no such file";

/** Extensions of the files. */
export type Extension = "key" | "crt" | "crl";

/** The directory and its files. */
export class CertStore {
  /** Path of the directory. */
  readonly directory: string;

  /**
   * Opens a directory, which may not exist yet.
   *
   * @param directory Path of the directory.
   */
  constructor(directory: string) {
    this.directory = directory;
  }

  /**
   * Builds the path of a file.
   *
   * @param name Name of the certificate, or {@linkcode AUTHORITY}.
   * @param extension Kind of file.
   */
  path(name: string, extension: Extension): string {
    const slash = this.directory.endsWith("/") ? "" : "/";
    return `${this.directory}${slash}${name}.${extension}`;
  }

  /**
   * Checks that a name has no files yet.
   *
   * @param name Name of a certificate, or {@linkcode AUTHORITY}.
   * @param advice What to do about an existing file, for the message.
   * @throws {StartError} If a file exists.
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
   * @throws {StartError} If it is missing, unreadable or malformed.
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
      `Cannot use ${path}: it is not the certificate of an authority`,
    );
  }

  /**
   * Reads the authority's certificate and key.
   *
   * @returns Both as PEM.
   * @throws {StartError} If one is missing, unreadable or malformed, or they
   *   don't belong together.
   */
  async authority(): Promise<KeyedCertificate> {
    return await this.#withKey(AUTHORITY, await this.authorityCertificate());
  }

  /**
   * Reads a certificate.
   *
   * @returns The certificate as PEM.
   * @throws {StartError} If it is missing, unreadable or malformed, or another
   *   authority issued it.
   */
  async certificate(name: string): Promise<string> {
    const authority = await this.authorityCertificate();
    const path = this.path(name, "crt");
    const pem = await read(
      path,
      `${MISSING}; 'sluice cert list' shows all`,
    );
    if (await withPath(path, () => isIssuedBy(pem, authority))) return pem;
    throw new StartError(
      `Cannot use ${path}: another authority issued it`,
    );
  }

  /**
   * Reads a certificate and its key.
   *
   * @returns Both as PEM.
   * @throws {StartError} As {@linkcode CertStore.certificate}, or if the key is
   *   unreadable, malformed or belongs to another certificate.
   */
  async keyedCertificate(name: string): Promise<KeyedCertificate> {
    return await this.#withKey(name, await this.certificate(name));
  }

  /**
   * Reads the revocation list.
   *
   * @returns The list as PEM.
   * @throws {StartError} If it is missing or unreadable.
   */
  async revocationList(): Promise<string> {
    // Never replaced by an empty list, which would forgive all revoked
    // certificates.
    return await read(
      this.path(AUTHORITY, "crl"),
      `${MISSING}; restore it, or start over with 'sluice cert init --force'`,
    );
  }

  /**
   * Reads the revoked certificates.
   *
   * @returns Serial numbers in the form of `normalizeSerial()`.
   * @throws {StartError} If the list is missing, unreadable or malformed.
   */
  async revoked(): Promise<Set<string>> {
    const list = await this.revocationList();
    const path = this.path(AUTHORITY, "crl");
    return await withPath(path, () => revokedSerials(list));
  }

  /**
   * Lists the certificates in the directory.
   *
   * @returns Their names in order, without the authority's.
   * @throws {StartError} If the directory can't be read, or has too many
   *   certificates.
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
 * Adds the path of a file to errors about its contents.
 *
 * @typeParam T Result of the work.
 * @param path The file.
 * @param work Reads the file.
 * @returns The result of the work.
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
