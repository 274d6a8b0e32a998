/**
 * What can be said to `sluice forward`.
 *
 * @module
 */

import { POOL_MODES, type PoolMode } from "../net/pool.ts";
import { BALANCE_METHODS, type BalanceMethod } from "../policy/balancer.ts";
import { ALPN_OPTION } from "./alpn_option.ts";
import { TLS_OPTIONS } from "./tls_options.ts";
import { UPSTREAM_TLS_OPTIONS } from "./upstream_tls_options.ts";
import { VIA_OPTIONS } from "./parent_options.ts";
import { SEND_PROXY_OPTIONS } from "./send_proxy_options.ts";
import { ACCEPT_PROXY_OPTIONS } from "./accept_proxy_options.ts";
import { ADMIN_OPTIONS } from "./admin_options.ts";
import {
  COMMON_OPTIONS,
  durationOption,
  parseCount,
  parseNumber,
} from "./common_options.ts";
import { parseRoutes, parseServerNames } from "./forward_routes.ts";
import { LIMIT_OPTIONS } from "./limit_options.ts";
import { NAME_OPTIONS } from "./name_options.ts";
import { parseDuration } from "./duration.ts";
import {
  flag,
  operand,
  type Option,
  type OptionValues,
  single,
} from "./option.ts";
import { RESET_OPTIONS } from "./reset_options.ts";
import { WORKER_OPTIONS } from "./worker_options.ts";

/** Options of `sluice forward`. */
export const FORWARD_OPTIONS = {
  "routes": operand(
    "LISTEN UPSTREAM…",
    "where to listen, and where to relay to: HOST:PORT, [IPV6]:PORT, PORT (on 127.0.0.1), :PORT (listen on all addresses) or unix:PATH; an upstream also tls://HOST:PORT, and it may have ,weight=N and ,backup. Or several pairs: LISTEN=UPSTREAM",
    parseRoutes,
  ),
  "sni": {
    value: "NAME=UPSTREAM",
    help:
      "relay clients that ask for this server in TLS to another upstream, without decrypting; *.NAME is any name below it; repeatable, also with one name. Others go to UPSTREAM, or nowhere",
    parse: parseServerNames,
  },
  "pool": single(
    POOL_MODES.join("|"),
    "off",
    (text): PoolMode => oneOf(POOL_MODES, text),
    "connections that are ready before they are needed: ahead dials them, each for one client; reuse keeps those that clients have left in good order, for protocols without a session",
  ),
  "pool-size": single(
    "N",
    "0",
    (text) => parseNumber(text, 0),
    "connections ready for each upstream; 0 is none",
  ),
  "pool-idle-timeout": durationOption(
    "1m",
    "for a connection to be ready and unused; 0 is for ever",
  ),
  "pool-max-age": duration(
    "10m",
    "age up to which a connection is given to a client; 0 is any",
  ),
  "pool-settle": duration(
    "50ms",
    "silence, after an answer and the client's end, until its connection is free for the next client (reuse)",
  ),
  "server-speaks-first": flag(
    "connect for a client at once, and keep what an upstream says to a connection that is ready (ahead)",
  ),
  "balance": single(
    BALANCE_METHODS.join("|"),
    "round-robin",
    (text): BalanceMethod => oneOf(BALANCE_METHODS, text),
    "which of several upstreams is next; random takes the less busy one of two",
  ),
  "check-interval": duration(
    "0",
    "how often to check that each upstream takes connections; 0 is never: then clients' own connections tell",
  ),
  "check-timeout": durationOption("2s", "for a check"),
  "rise": single(
    "N",
    "2",
    parseCount,
    "connections in a row that bring an upstream up",
  ),
  "fall": single(
    "N",
    "3",
    parseCount,
    "failures in a row that take an upstream down",
  ),
  "retry-after": duration(
    "10s",
    "how often a client's connection tries an upstream that is down, where there are no checks; one that has no other beside it is always tried",
  ),
  "slow-start": duration(
    "0",
    "how long an upstream that came up gets less than its share",
  ),
  ...SEND_PROXY_OPTIONS,
  ...VIA_OPTIONS,
  ...TLS_OPTIONS,
  "tls-alpn": ALPN_OPTION,
  ...UPSTREAM_TLS_OPTIONS,
  "connect-timeout": durationOption(
    "10s",
    "for connecting to an upstream; 0 is for ever",
  ),
  ...NAME_OPTIONS,
  ...ACCEPT_PROXY_OPTIONS,
  ...RESET_OPTIONS,
  ...LIMIT_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...COMMON_OPTIONS,
};

/** Values of the options of `sluice forward`. */
export type ForwardOptions = OptionValues<typeof FORWARD_OPTIONS>;

/** A duration that is no limit. */
function duration(initial: string, help: string): Option<number> {
  return single("DURATION", initial, parseDuration, help);
}

function oneOf<T extends string>(known: readonly T[], text: string): T {
  const found = known.find((one) => one === text);
  if (found !== undefined) return found;
  throw new SyntaxError(`'${text}' is none of ${known.join(", ")}`);
}
