/**
 * `sluice cert bundle`: a key, its certificate and the authority's certificate
 * in one text.
 *
 * @module
 */

import { escape } from "../observe/escape.ts";
import { formatDay } from "./init_command.ts";
import { CERT_OPTIONS, NAME_OPERAND, nextCommand } from "./options.ts";
import { AUTHORITY, CertStore } from "./store.ts";
import { type CertificateInfo, readCertificate } from "./info.ts";
import { describePurpose } from "./purpose.ts";
import type { Command } from "../cli/command.ts";
import type { OptionValues } from "../cli/option.ts";
import { printErrors, printLines } from "../cli/print_lines.ts";

/** Options of `sluice cert bundle`. */
export const CERT_BUNDLE_OPTIONS = { "name": NAME_OPERAND, ...CERT_OPTIONS };

/** The command and its options. */
export const CERT_BUNDLE_COMMAND: Command<typeof CERT_BUNDLE_OPTIONS> = {
  usage: "cert bundle NAME [OPTIONS]",
  summary:
    "Prints the key, the certificate and the authority's certificate as PEM, after lines that say how to use them. The key is secret.",
  examples: [
    [
      "(umask 077; sluice cert bundle alice > alice.pem)",
      "into a file that only you can read",
    ],
  ],
  options: CERT_BUNDLE_OPTIONS,
  run: runCertBundle,
};

async function runCertBundle(
  { name, dir }: OptionValues<typeof CERT_BUNDLE_OPTIONS>,
): Promise<number> {
  const store = new CertStore(dir);
  const { certificate, key } = await store.keyedCertificate(name);
  const info = await readCertificate(certificate);
  const isRevoked = (await store.revoked()).has(info.serial);
  const isExpired = info.notAfter <= new Date();
  if (isRevoked || isExpired) {
    const what = isRevoked ? "is revoked" : "has expired";
    printErrors([`sluice: '${name}' ${what}: others refuse it`]);
  }
  printLines([
    ...explain(store, name, info),
    ...[key, certificate, await store.authorityCertificate()]
      .map((pem) => pem.trim()),
  ]);
  return 0;
}

/** Comment lines: programs start reading at `-----BEGIN` (RFC 7468 §2). */
function explain(
  store: CertStore,
  name: string,
  info: CertificateInfo,
): string[] {
  const file = `${name}.pem`;
  const bundle = nextCommand("bundle", store.directory);
  const lines = [
    `The key and certificate of '${name}' (${describePurpose(info)}),`,
    `until ${
      formatDay(info.notAfter)
    }, and the certificate of their authority.`,
    "The key is secret. Into a file that only you can read:",
    `  (umask 077; ${bundle} ${name} > ${file})`,
  ];
  if (info.isClient) {
    lines.push(
      "As a client of a proxy that speaks TLS:",
      `  curl --proxy https://PROXY:PORT --proxy-cert ${file} --proxy-cacert ${file} URL`,
    );
  }
  if (info.servers.length > 0) {
    const [server = ""] = info.servers;
    const shown = server.includes(":") ? `[${server}]` : escape(server);
    const host = shown.replace("*", "PROXY");
    lines.push(
      "A listener shows it, here only to clients of this authority:",
      `  sluice --tls-cert ${store.path(name, "crt")} --tls-key ${
        store.path(name, "key")
      } --tls-client-ca ${store.path(AUTHORITY, "crt")} --tls-crl ${
        store.path(AUTHORITY, "crl")
      }`,
      `Its clients need ${store.path(AUTHORITY, "crt")} alone:`,
      `  curl --proxy https://${host}:PORT --proxy-cacert ca.crt URL`,
    );
  }
  return lines.map((line) => `# ${line}`);
}
