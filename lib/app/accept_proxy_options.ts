/**
 * What can be said of listeners behind another proxy.
 *
 * @module
 */

import type { AcceptProxy } from "../handlers/behind_proxy.ts";
import { type IpRange, parseIpRange } from "../wire/ip_range.ts";
import { only, type OptionValues } from "./option.ts";
import { UsageError } from "./usage_error.ts";

const MODES = ["required", "optional"] as const;

/** Options of listeners behind another proxy. */
export const ACCEPT_PROXY_OPTIONS = {
  "accept-proxy": {
    value: MODES.join("|"),
    help:
      "read the header of the PROXY protocol (1 or 2) in front of each connection: the client's address in it counts for rules, limits, bans and the log (default: none is read)",
    parse: (given: readonly string[]): typeof MODES[number] | undefined => {
      const text = only(given);
      const mode = MODES.find((mode) => mode === text);
      if (text === undefined || mode !== undefined) return mode;
      throw new SyntaxError(`'${text}' is neither ${MODES.join(" nor ")}`);
    },
  },
  "accept-proxy-from": {
    value: "CIDR,…",
    help:
      "addresses of the load balancers whose headers count; repeatable. Others are refused (required), or taken for clients (optional)",
    parse: (given: readonly string[]): IpRange[] =>
      given.flatMap((text) => text.split(",")).map(parseIpRange),
  },
};

/** Values of these options. */
export type AcceptProxyOptions = OptionValues<typeof ACCEPT_PROXY_OPTIONS>;

/**
 * Makes the settings from the options.
 *
 * @param options What the command line says.
 * @returns Whose headers count; `undefined` where none is read.
 * @throws {UsageError} If one option is given without the other.
 */
export function acceptProxyOf(
  options: AcceptProxyOptions,
): AcceptProxy | undefined {
  const mode = options["accept-proxy"];
  const from = options["accept-proxy-from"];
  if (mode === undefined && from.length > 0) {
    throw new UsageError("Option --accept-proxy-from needs --accept-proxy");
  }
  if (mode === undefined) return undefined;
  if (from.length === 0) {
    throw new UsageError(
      "Option --accept-proxy needs --accept-proxy-from: whoever is believed could claim any address",
    );
  }
  return { isRequired: mode === "required", from };
}
