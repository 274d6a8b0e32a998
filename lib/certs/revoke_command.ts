/**
 * `sluice cert revoke`: revokes a certificate.
 *
 * @module
 */

import { CERT_OPTIONS, oneWord } from "./options.ts";
import { AUTHORITY, CertStore, withPath } from "./store.ts";
import { readCertificate } from "./info.ts";
import { parseCertificateName } from "./name.ts";
import type { Command } from "../cli/command.ts";
import { operand, option } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { printLines } from "../cli/print_lines.ts";
import { addRevoked, revokedSerials } from "./revocation_list.ts";
import { withLock, writeFiles } from "../cli/secret_files.ts";
import { normalizeSerial } from "../serve/tls/serial_number.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Options of `sluice cert revoke`. */
export const CERT_REVOKE_OPTIONS = {
  "name": operand(
    "text",
    { value: "NAME", help: "name of the certificate" },
    (given) =>
      given.length === 0 ? undefined : parseCertificateName(oneWord(given)),
  ),
  "serial": option("text", {
    value: "HEX",
    help:
      "serial number as openssl prints it, instead of NAME, for a certificate whose file is gone",
  }, parseSerial),
  ...CERT_OPTIONS,
};

/** The command and its options. */
export const CERT_REVOKE_COMMAND: Command<typeof CERT_REVOKE_OPTIONS> = {
  usage: "cert revoke NAME [OPTIONS]",
  summary:
    "Adds a certificate to the authority's revocation list, ca.crl. Programs that read the list refuse the certificate from then on. You cannot undo it: issue a new certificate.",
  examples: [["sluice cert revoke alice", "Alice has lost her key"]],
  options: CERT_REVOKE_OPTIONS,
  run: runCertRevoke,
};

async function runCertRevoke(
  { name, serial: given, dir }: OptionValues<typeof CERT_REVOKE_OPTIONS>,
): Promise<number> {
  if (name !== undefined && given !== undefined) {
    throw new UsageError(
      `cannot be combined with NAME '${name}': each says what to revoke; give one of them`,
      { option: "serial" },
    );
  }
  if (name === undefined && given === undefined) {
    throw new UsageError("it is missing; give NAME, or --serial HEX", {
      operand: "NAME",
    });
  }
  const store = new CertStore(dir);
  const serial = given ??
    (await readCertificate(await store.certificate(name!))).serial;
  const { isRepeated, count } = await revokeIn(store, serial);
  const what = name === undefined ? "the certificate" : `'${name}'`;
  const path = store.path(AUTHORITY, "crl");
  printLines([
    isRepeated
      ? `${path} has ${what} on it already (serial ${serial})`
      : `Wrote ${path}: ${what} is revoked (serial ${serial}); ${count} in all`,
    "Listeners that use this list refuse it after they reread it; if they use a copy, copy it again",
  ]);
  return 0;
}

/** Result of {@linkcode revokeIn}. */
export interface Revoked {
  /** Whether the certificate was already revoked. */
  isRepeated: boolean;
  /** Number of revoked certificates. */
  count: number;
}

/**
 * Adds a certificate to the revocation list of a directory.
 *
 * @param store The directory.
 * @param serial Serial number in the form of `normalizeSerial()`.
 * @throws {StartError} If the authority is missing, or the list can't be read
 *   or written.
 */
export async function revokeIn(
  store: CertStore,
  serial: string,
): Promise<Revoked> {
  await store.authorityCertificate();
  return await withLock(store.directory, async () => {
    const path = store.path(AUTHORITY, "crl");
    const authority = await store.authority();
    const before = await store.revocationList();
    return await withPath(path, async () => {
      const text = await addRevoked(authority, before, serial);
      const isRepeated = text === before;
      if (!isRepeated) await writeFiles([{ path, text }]);
      return { isRepeated, count: (await revokedSerials(text)).size };
    });
  });
}

/**
 * Accepts at most 20 bytes (RFC 5280 §4.1.2.2), with or without openssl's
 * colons.
 */
function parseSerial(text: string): string {
  const digits = text.replaceAll(":", "");
  if (!/^[\da-f]{1,40}$/i.test(digits) || /^0+$/.test(digits)) {
    throw new SyntaxError(`'${text}' is not 1 to 40 hexadecimal digits`);
  }
  return normalizeSerial(digits);
}
