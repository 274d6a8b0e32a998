/**
 * `sluice cert list`: lists the certificates of an authority.
 *
 * @module
 */

import { escape } from "../observe/escape.ts";
import { formatDay } from "./init_command.ts";
import { CERT_OPTIONS } from "./options.ts";
import { AUTHORITY, CertStore } from "./store.ts";
import { type CertificateInfo, isIssuedBy, readCertificate } from "./info.ts";
import { describePurpose } from "./purpose.ts";
import type { Command } from "../cli/command.ts";
import type { OptionValues } from "../cli/option.ts";
import { alignColumns } from "../cli/columns.ts";
import { printLines } from "../cli/print_lines.ts";
import { readSmallFile } from "../cli/secret_files.ts";
import { StartError } from "../cli/usage_error.ts";

const DAY = 86_400_000;

/** Days before the end when a certificate should be renewed. */
const SOON = 30;

const HEADINGS = ["NAME", "FOR", "EXPIRES", "DAYS LEFT", "STATUS"];

/** The command and its options. */
export const CERT_LIST_COMMAND: Command<typeof CERT_OPTIONS> = {
  usage: "cert list [OPTIONS]",
  summary:
    "Prints the authority and the certificates of a folder: what each is for, when it expires, and whether it is valid, expires soon (in less than 30 days), has expired or is revoked.",
  examples: [["sluice cert list", "the certificates in the folder certs"]],
  options: CERT_OPTIONS,
  run: runCertList,
};

async function runCertList(
  { dir }: OptionValues<typeof CERT_OPTIONS>,
): Promise<number> {
  printLines(alignColumns(await listStore(new CertStore(dir), new Date())));
  return 0;
}

/**
 * Lists a directory.
 *
 * @param store The directory.
 * @param now Time for which to compute the status.
 * @returns Rows of name, purpose, last day, days left and status, after a row
 *   of headings. The authority is the first.
 * @throws {StartError} If the authority is missing, or its list can't be read.
 */
export async function listStore(
  store: CertStore,
  now: Date,
): Promise<string[][]> {
  const authority = await store.authorityCertificate();
  const revoked = await store.revoked();
  const rows = [HEADINGS];
  for (const name of [AUTHORITY, ...await store.names()]) {
    const found = await look(store, name, authority);
    rows.push([
      escape(name),
      ...typeof found === "string"
        ? ["", "", "", found]
        : describe(found, now, revoked),
    ]);
  }
  return rows;
}

/** A certificate, or the reason why it does not belong to the authority. */
async function look(
  store: CertStore,
  name: string,
  authority: string,
): Promise<CertificateInfo | string> {
  try {
    const pem = await readSmallFile(store.path(name, "crt"));
    if (pem === undefined) return "unreadable"; // A broken link.
    const info = await readCertificate(pem);
    const isOwn = name === AUTHORITY || await isIssuedBy(pem, authority);
    return isOwn ? info : "of another authority";
  } catch (error) {
    if (error instanceof SyntaxError) return "not a certificate";
    if (error instanceof StartError) return "unreadable";
    throw error;
  }
}

function describe(
  info: CertificateInfo,
  now: Date,
  revoked: ReadonlySet<string>,
): string[] {
  const { notAfter } = info;
  const days = Math.floor((+notAfter - +now) / DAY);
  return [
    describePurpose(info),
    formatDay(notAfter),
    `${days < 0 ? 0 : days}`,
    statusOf(info, now, revoked),
  ];
}

function statusOf(
  { serial, notBefore, notAfter }: CertificateInfo,
  now: Date,
  revoked: ReadonlySet<string>,
): string {
  if (revoked.has(serial)) return "revoked";
  if (notAfter <= now) return "expired";
  if (notBefore > now) return "not yet valid";
  return +notAfter - +now < SOON * DAY ? "expires soon" : "valid";
}
