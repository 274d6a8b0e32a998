/**
 * `sluice cert init`: creates an authority.
 *
 * @module
 */

import { quote } from "../wire/quote.ts";
import {
  CERT_OPTIONS,
  daysOption,
  KEY_OPTION,
  nextCommand,
} from "./options.ts";
import { AUTHORITY, CertStore } from "./store.ts";
import { type CertificateSettings, createAuthority } from "./authority.ts";
import { type CertificateInfo, readCertificate } from "./info.ts";
import type { Command } from "../cli/command.ts";
import { flag, option } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { printLines } from "../cli/print_lines.ts";
import { createRevocationList } from "./revocation_list.ts";
import { makeDirectory, withLock, writeFiles } from "../cli/secret_files.ts";

/** Longest common name in characters (RFC 5280 appendix A.1). */
const LONGEST_NAME = 64;

/** Options of `sluice cert init`. */
export const CERT_INIT_OPTIONS = {
  "name": option("text", {
    value: "TEXT",
    default: "Sluice CA",
    help: "name of the authority, at most 64 characters",
  }, parseAuthorityName),
  "days": daysOption("3650"),
  "key": KEY_OPTION,
  "force": flag(
    "replace an existing authority; all certificates that it has issued become invalid",
  ),
  ...CERT_OPTIONS,
};

/** The command and its options. */
export const CERT_INIT_COMMAND: Command<typeof CERT_INIT_OPTIONS> = {
  usage: "cert init [OPTIONS]",
  summary:
    "Makes a private authority: ca.key, its secret key; ca.crt, which others need to verify its certificates; ca.crl, the list of revoked certificates.",
  examples: [
    ["sluice cert init", "in the folder certs, for ten years"],
    ["sluice cert init --dir /etc/sluice/certs", "in another folder"],
  ],
  options: CERT_INIT_OPTIONS,
  run: runCertInit,
};

async function runCertInit(
  options: OptionValues<typeof CERT_INIT_OPTIONS>,
): Promise<number> {
  const { name, days, key: keyKind, force, dir } = options;
  const store = new CertStore(dir);
  const info = await initStore(store, { name, days, keyKind }, force);
  const issue = nextCommand("issue", dir);
  printLines([
    `Wrote ${store.path(AUTHORITY, "key")}: the key; keep it secret`,
    `Wrote ${
      store.path(AUTHORITY, "crt")
    }: the authority '${info.name}', until ${formatDay(info.notAfter)}`,
    `Wrote ${store.path(AUTHORITY, "crl")}: the revocation list, still empty`,
    "Next, make a certificate for a server and for a client:",
    `  ${issue} proxy --server localhost,127.0.0.1`,
    `  ${issue} alice --client`,
  ]);
  return 0;
}

/**
 * Creates the authority of a directory, and the directory if it is missing.
 *
 * @param store The directory.
 * @param settings The authority's name, validity and key.
 * @param isForced Whether to replace an existing authority.
 * @returns The contents of its certificate.
 * @throws {StartError} If an authority exists, or the files can't be written.
 */
export async function initStore(
  store: CertStore,
  settings: CertificateSettings,
  isForced: boolean,
): Promise<CertificateInfo> {
  await makeDirectory(store.directory);
  return await withLock(store.directory, async () => {
    if (!isForced) {
      await store.refuseExisting(
        AUTHORITY,
        "--force replaces the authority and makes all its certificates worthless",
      );
    }
    const authority = await createAuthority(settings);
    const { certificate, key } = authority;
    const list = await createRevocationList(authority);
    await writeFiles([
      { path: store.path(AUTHORITY, "key"), text: key, isSecret: true },
      { path: store.path(AUTHORITY, "crt"), text: certificate },
      { path: store.path(AUTHORITY, "crl"), text: list },
    ]);
    return await readCertificate(certificate);
  });
}

/**
 * Formats a day.
 *
 * @returns The day in UTC, for example `2026-11-21`.
 */
export function formatDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function parseAuthorityName(text: string): string {
  const { length } = [...text];
  if (length > LONGEST_NAME) {
    throw new SyntaxError(
      `${
        quote(text)
      } has ${length} characters; at most ${LONGEST_NAME} are allowed`,
    );
  }
  if (text.trim() !== text) {
    throw new SyntaxError(
      `${quote(text)} begins or ends with white space; leave it out`,
    );
  }
  if (/\p{Control}|\p{Surrogate}/u.test(text)) {
    throw new SyntaxError(
      `${quote(text)} has characters that can't be shown; leave them out`,
    );
  }
  return text;
}
