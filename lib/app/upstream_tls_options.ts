/**
 * What can be said about TLS to every command that connects to upstreams or
 * parents.
 *
 * @module
 */

import { parseHost } from "../wire/host_name.ts";
import { flag, only, type OptionValues } from "./option.ts";
import type { UpstreamTlsConfig } from "./tls_config.ts";
import { UsageError } from "./usage_error.ts";

/** Options of the TLS to upstreams. */
export const UPSTREAM_TLS_OPTIONS = {
  "upstream-ca": {
    value: "FILE",
    help:
      "authorities (PEM) that upstreams have to have certificates of, or the certificates of upstreams themselves (default: those that the system trusts)",
    parse: only,
  },
  "upstream-cert": {
    value: "FILE",
    help: "certificate (PEM) to show to upstreams; with --upstream-key",
    parse: only,
  },
  "upstream-key": {
    value: "FILE",
    help: "its private key (PEM, not encrypted)",
    parse: only,
  },
  "upstream-name": {
    value: "NAME",
    help:
      "name to ask upstreams for, and to find in their certificates (default: their host)",
    parse: (given: readonly string[]): string | undefined => {
      const text = only(given);
      if (text !== undefined) parseHost(text);
      return text;
    },
  },
  "insecure": flag(
    "take any certificate of an upstream: whoever is in between can read and change everything",
  ),
};

/** Values of these options. */
export type UpstreamTlsOptions = OptionValues<typeof UPSTREAM_TLS_OPTIONS>;

/**
 * Makes the configuration out of options.
 *
 * @param options Their values.
 * @returns The configuration.
 * @throws {UsageError} If they don't go together.
 */
export function upstreamTlsConfig(
  options: UpstreamTlsOptions,
): UpstreamTlsConfig {
  const { insecure: isInsecure, "upstream-ca": authorities } = options;
  const { "upstream-cert": certificate, "upstream-key": key } = options;
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UsageError(
      "Options --upstream-cert and --upstream-key need both",
    );
  }
  if (isInsecure && authorities !== undefined) {
    throw new UsageError(
      "Options --insecure and --upstream-ca exclude another",
    );
  }
  return {
    certificates: certificate !== undefined && key !== undefined
      ? [{ certificate, key }]
      : [],
    authorities,
    name: options["upstream-name"],
    isInsecure,
  };
}
