/**
 * `sluice cert issue`: creates a key and a certificate.
 *
 * @module
 */

import type { Host } from "../wire/host_name.ts";
import { formatDay } from "./init_command.ts";
import {
  CERT_OPTIONS,
  daysOption,
  KEY_OPTION,
  NAME_OPERAND,
  nextCommand,
} from "./options.ts";
import { CertStore, withPath } from "./store.ts";
import { issueCertificate, type IssueSettings } from "./authority.ts";
import { type CertificateInfo, readCertificate } from "./info.ts";
import { describePurpose } from "./purpose.ts";
import type { Command } from "../cli/command.ts";
import { collected, flag } from "../cli/declare_options.ts";
import type { Option, OptionValues } from "../cli/option.ts";
import { printLines } from "../cli/print_lines.ts";
import { withLock, writeFiles } from "../cli/secret_files.ts";
import { parseSubjectAltNames } from "../serve/subject_alt_names.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

const DAY = 86_400_000;

const SERVER_OPTION: Option<Host[], never> = collected("text", {
  value: "HOST,HOST…",
  help:
    "issue a server certificate for this name or address, such as *.example.com; repeatable",
}, parseSubjectAltNames);

/** Options of `sluice cert issue`. */
export const CERT_ISSUE_OPTIONS = {
  "name": NAME_OPERAND,
  "server": SERVER_OPTION,
  "client": flag(
    "issue a client certificate; a NAME with @ is also its mail address",
  ),
  "days": daysOption("365"),
  "key": KEY_OPTION,
  "force": flag(
    "replace an existing one, which stays valid until you revoke it",
  ),
  ...CERT_OPTIONS,
};

/** The command and its options. */
export const CERT_ISSUE_COMMAND: Command<typeof CERT_ISSUE_OPTIONS> = {
  usage: "cert issue NAME --server HOST,HOST… | --client [OPTIONS]",
  summary:
    "Makes NAME.key and NAME.crt, signed by the authority that 'sluice cert init' made.",
  examples: [
    [
      "sluice cert issue proxy --server proxy.example.com,192.0.2.1",
      "for a server with this name and this address",
    ],
    ["sluice cert issue alice --client", "for a client"],
    [
      "sluice cert issue node --server node.example.com --client",
      "for a program that is both",
    ],
  ],
  options: CERT_ISSUE_OPTIONS,
  run: runCertIssue,
};

async function runCertIssue(
  options: OptionValues<typeof CERT_ISSUE_OPTIONS>,
): Promise<number> {
  const { name, server: servers, client: isClient, dir } = options;
  if (servers.length === 0 && !isClient) {
    throw new UsageError(
      `What is '${name}' for? Add --client, or --server with the names and addresses that clients connect to`,
    );
  }
  const { days, key: keyKind } = options;
  const settings = { name, days, keyKind, servers, isClient };
  const store = new CertStore(dir);
  const { info, replaced } = await issueInto(store, settings, options.force);
  const isShortened = +info.notAfter < Date.now() + (days - 1) * DAY;
  const until = formatDay(info.notAfter) +
    (isShortened ? ", when the authority itself ends" : "");
  printLines([
    `Wrote ${store.path(name, "key")}: the key; keep it secret`,
    `Wrote ${store.path(name, "crt")}: for ${
      describePurpose(info)
    }, until ${until}`,
    ...replaced === undefined ? [] : describeReplaced(replaced, dir),
    "Next, put everything it needs into one file:",
    `  ${nextCommand("bundle", dir)} ${name} > ${name}.pem`,
  ]);
  return 0;
}

/** Result of {@linkcode issueInto}. */
export interface Issued {
  /** Contents of the new certificate. */
  info: CertificateInfo;
  /** Contents of the replaced certificate, if it is still valid. */
  replaced: CertificateInfo | undefined;
}

/**
 * Issues a certificate into a directory.
 *
 * @param store The directory.
 * @param settings Name, validity, key and purpose.
 * @param isForced Whether to replace an existing certificate.
 * @returns The new certificate and the one it replaced.
 * @throws {StartError} If the certificate exists, the authority is missing, or
 *   the files can't be written.
 */
export async function issueInto(
  store: CertStore,
  settings: IssueSettings,
  isForced: boolean,
): Promise<Issued> {
  await store.authorityCertificate();
  const { name } = settings;
  return await withLock(store.directory, async () => {
    if (!isForced) {
      await store.refuseExisting(
        name,
        `--force replaces it; where its key may be in wrong hands, first run 'sluice cert revoke ${name}'`,
      );
    }
    const authority = await store.authority();
    const replaced = await findUsable(store, name);
    const made = await withPath(
      store.directory,
      () => issueCertificate(authority, settings),
    );
    await writeFiles([
      { path: store.path(name, "key"), text: made.key, isSecret: true },
      { path: store.path(name, "crt"), text: made.certificate },
    ]);
    return { info: await readCertificate(made.certificate), replaced };
  });
}

/** The contents of a name's certificate, if it is still usable. */
async function findUsable(
  store: CertStore,
  name: string,
): Promise<CertificateInfo | undefined> {
  try {
    const info = await readCertificate(await store.certificate(name));
    const isRevoked = (await store.revoked()).has(info.serial);
    return isRevoked || info.notAfter < new Date() ? undefined : info;
  } catch (error) {
    if (error instanceof StartError) return undefined; // Unreadable, so replace it.
    throw error;
  }
}

function describeReplaced(
  { serial, notAfter }: CertificateInfo,
  directory: string,
): string[] {
  return [
    `The old certificate stays valid until ${
      formatDay(notAfter)
    }, unless you revoke it:`,
    `  ${nextCommand("revoke", directory)} --serial ${serial}`,
  ];
}
