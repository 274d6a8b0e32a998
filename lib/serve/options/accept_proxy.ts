/**
 * Options of listeners behind another proxy.
 *
 * @module
 */

import { GROUP } from "../../cli/option_groups.ts";
import type { AcceptProxy } from "../behind_proxy.ts";
import { type IpRange, parseIpRange } from "../../wire/ip_range.ts";
import { choice, collected } from "../../cli/declare_options.ts";
import type { OptionValues } from "../../cli/option.ts";
import { UsageError } from "../../cli/usage_error.ts";

const MODES = ["required", "optional"] as const;

/** Options of listeners behind another proxy. */
export const ACCEPT_PROXY_OPTIONS = {
  "accept-proxy": choice(MODES, {
    group: GROUP.listen,
    help:
      "read a PROXY protocol header (version 1 or 2) before each connection; its client address counts for rules, limits, bans and the log (default: read none)",
  }),
  "accept-proxy-from": collected(
    "pattern",
    {
      value: "CIDR,…",
      requires: "accept-proxy",
      group: GROUP.listen,
      help:
        "addresses of the load balancers whose headers Sluice believes; repeatable. It refuses others (required) or takes them for clients (optional)",
    },
    (given): IpRange[] =>
      given.flatMap((text) => text.split(",")).map(parseIpRange),
  ),
};

/** Values of these options. */
export type AcceptProxyOptions = OptionValues<typeof ACCEPT_PROXY_OPTIONS>;

/**
 * Converts the options into settings.
 *
 * @param options Values of the options.
 * @returns Whose headers are accepted; `undefined` if none are read.
 * @throws {UsageError} If no sender of headers is named.
 */
export function acceptProxyOf(
  options: AcceptProxyOptions,
): AcceptProxy | undefined {
  const mode = options["accept-proxy"];
  const from = options["accept-proxy-from"];
  if (mode === undefined) return undefined;
  if (from.length === 0) {
    throw new UsageError(
      "needs --accept-proxy-from CIDR: a client that may send a header can claim any address",
      { option: "accept-proxy", others: ["accept-proxy-from"] },
    );
  }
  return { isRequired: mode === "required", from };
}
