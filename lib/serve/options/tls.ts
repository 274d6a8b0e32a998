/**
 * TLS options of every command that listens.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import { GROUP } from "../../cli/option_groups.ts";
import { choice, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import type { TlsConfig } from "../tls/config.ts";
import { UsageError } from "../../cli/usage_error.ts";

/** Options of the TLS of a command's listeners. */
export const TLS_OPTIONS = {
  "tls-cert": path({
    many: true,
    requires: "tls-key",
    group: GROUP.tls,
    help:
      "speak TLS with this certificate chain (PEM); repeatable, each with its --tls-key; Sluice shows the one for the name that the client asks for, otherwise the first",
  }),
  "tls-key": path({
    many: true,
    requires: "tls-cert",
    group: GROUP.tls,
    help: "the certificate's private key (PEM, not encrypted)",
  }),
  "tls-client-ca": path({
    requires: "tls-cert",
    group: GROUP.tls,
    help:
      "let in only clients with a certificate of these authorities (PEM); they need no password",
  }),
  "tls-client-auth": choice(["require", "request"], {
    requires: "tls-client-ca",
    group: GROUP.tls,
    help:
      "whether clients must show a certificate or may come without one (default require)",
  }),
  "tls-crl": path({
    requires: "tls-client-ca",
    group: GROUP.tls,
    help:
      "revocation lists of these authorities (PEM); while a list is out of date, Sluice lets nobody in",
  }),
};

/** Values of these options. */
export type TlsOptions = OptionValues<typeof TLS_OPTIONS>;

/**
 * Converts options into a configuration.
 *
 * @param options Their values.
 * @returns The configuration; `undefined` without TLS.
 * @throws {UsageError} If they conflict.
 */
export function tlsConfig(options: TlsOptions): TlsConfig | undefined {
  const { "tls-cert": certificates, "tls-key": keys } = options;
  if (certificates.length !== keys.length) {
    throw new UsageError(
      `each needs a --tls-key, but there are ${
        countOf(certificates.length, "certificate")
      } and ${countOf(keys.length, "key")}`,
      { option: "tls-cert", others: ["tls-key"] },
    );
  }
  const authorities = options["tls-client-ca"];
  const clientAuth = options["tls-client-auth"];
  const revocationLists = options["tls-crl"];
  if (certificates.length === 0) return undefined;
  return {
    certificates: certificates.map((certificate, index) => ({
      certificate,
      key: keys[index]!,
    })),
    authorities,
    isOptional: clientAuth === "request",
    revocationLists,
  };
}
