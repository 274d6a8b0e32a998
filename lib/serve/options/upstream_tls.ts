/**
 * TLS options of every command that connects to upstreams or parents.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import { parseHost } from "../../wire/host_name.ts";
import { flag, option, path } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import type { UpstreamTlsConfig } from "../tls/config.ts";
import { UsageError } from "../../cli/usage_error.ts";

/** Options of the TLS to upstreams. */
export const UPSTREAM_TLS_OPTIONS = {
  "upstream-ca": path({
    group: GROUP.upstream,
    help:
      "authorities (PEM) that sign the upstreams' certificates, or those certificates themselves (default: the system's authorities)",
  }),
  "upstream-cert": path({
    requires: "upstream-key",
    group: GROUP.upstream,
    help: "certificate chain (PEM) to show to upstreams",
  }),
  "upstream-key": path({
    requires: "upstream-cert",
    group: GROUP.upstream,
    help: "the certificate's private key (PEM, not encrypted)",
  }),
  "upstream-name": option("text", {
    value: "NAME",
    group: GROUP.upstream,
    help:
      "server name to ask upstreams for and to expect in their certificates (default: their host)",
  }, (text) => {
    parseHost(text);
    return text;
  }),
  "insecure": flag(
    "accept any certificate of an upstream: anyone on the way can read and change everything",
    { group: GROUP.upstream },
  ),
};

/** Values of these options. */
export type UpstreamTlsOptions = OptionValues<typeof UPSTREAM_TLS_OPTIONS>;

/**
 * Converts options into a configuration.
 *
 * @param options Their values.
 * @throws {UsageError} If they conflict.
 */
export function upstreamTlsConfig(
  options: UpstreamTlsOptions,
): UpstreamTlsConfig {
  const { insecure: isInsecure, "upstream-ca": authorities } = options;
  const { "upstream-cert": certificate, "upstream-key": key } = options;
  if (isInsecure && authorities !== undefined) {
    throw new UsageError(
      "cannot be combined with --upstream-ca: it takes any certificate; leave one out",
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
