/**
 * What can be said about TLS to every command that listens.
 *
 * @module
 */

import { only, type OptionValues } from "./option.ts";
import type { TlsConfig } from "./tls_config.ts";
import { UsageError } from "./usage_error.ts";

/** Options of the TLS of a command's listeners. */
export const TLS_OPTIONS = {
  "tls-cert": {
    value: "FILE",
    help:
      "speak TLS, with this certificate (PEM, followed by those up to its authority); repeatable, each with a --tls-key: the one for the server that the client names is shown, or else the first",
    parse: (given: readonly string[]): readonly string[] => given,
  },
  "tls-key": {
    value: "FILE",
    help: "its private key (PEM, not encrypted)",
    parse: (given: readonly string[]): readonly string[] => given,
  },
  "tls-client-ca": {
    value: "FILE",
    help:
      "only clients with a certificate of these authorities (PEM) may connect; they need no password",
    parse: only,
  },
  "tls-client-auth": {
    value: "require|request",
    help:
      "whether clients need a certificate, or may also come without (default require)",
    parse: parseClientAuth,
  },
  "tls-crl": {
    value: "FILE",
    help:
      "revocation lists of these authorities (PEM); once they are out of date nobody gets in",
    parse: only,
  },
};

/** Values of these options. */
export type TlsOptions = OptionValues<typeof TLS_OPTIONS>;

/**
 * Makes the configuration out of options.
 *
 * @param options Their values.
 * @returns The configuration; `undefined` is no TLS.
 * @throws {UsageError} If they don't go together.
 */
export function tlsConfig(options: TlsOptions): TlsConfig | undefined {
  const { "tls-cert": certificates, "tls-key": keys } = options;
  if (certificates.length !== keys.length) {
    throw new UsageError(
      `Every --tls-cert needs a --tls-key: there are ${certificates.length} and ${keys.length}`,
    );
  }
  const authorities = options["tls-client-ca"];
  const clientAuth = options["tls-client-auth"];
  const revocationLists = options["tls-crl"];
  if (authorities === undefined) {
    requireNone("--tls-client-auth", clientAuth, "--tls-client-ca");
    requireNone("--tls-crl", revocationLists, "--tls-client-ca");
  }
  if (certificates.length === 0) {
    requireNone("--tls-client-ca", authorities, "--tls-cert");
    return undefined;
  }
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

function requireNone(option: string, value: unknown, missing: string): void {
  if (value === undefined) return;
  throw new UsageError(`Option ${option} needs ${missing}`);
}

function parseClientAuth(
  given: readonly string[],
): "require" | "request" | undefined {
  const text = only(given);
  if (text === undefined || text === "require" || text === "request") {
    return text;
  }
  throw new SyntaxError(`'${text}' is neither require nor request`);
}
