/**
 * What can be said about TLS to every command that connects to upstreams or
 * parents.
 *
 * @module
 */

import { parseHost } from "../../wire/host_name.ts";
import { flag, option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import type { UpstreamTlsConfig } from "../tls/config.ts";
import { UsageError } from "../../cli/usage_error.ts";

/** The heading of these options. */
const GROUP = "TLS to others";

/** Options of the TLS to upstreams. */
export const UPSTREAM_TLS_OPTIONS = {
  "upstream-ca": path({
    group: GROUP,
    help:
      "authorities (PEM) that upstreams have to have certificates of, or the certificates of upstreams themselves (default: those that the system trusts)",
  }),
  "upstream-cert": path({
    requires: "upstream-key",
    group: GROUP,
    help: "certificate (PEM) to show to upstreams",
  }),
  "upstream-key": path({
    requires: "upstream-cert",
    group: GROUP,
    help: "its private key (PEM, not encrypted)",
  }),
  "upstream-name": option("text", {
    value: "NAME",
    group: GROUP,
    help:
      "name to ask upstreams for, and to find in their certificates (default: their host)",
  }, (text) => {
    parseHost(text);
    return text;
  }),
  "insecure": flag(
    "take any certificate of an upstream: whoever is in between can read and change everything",
    { group: GROUP },
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
  if (isInsecure && authorities !== undefined) {
    throw new UsageError(
      "does not go with --upstream-ca: it takes any certificate; leave one out",
      { option: "insecure", others: ["upstream-ca"] },
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
