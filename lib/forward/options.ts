/**
 * What can be said to `sluice forward`.
 *
 * @module
 */

import { POOL_MODES } from "../net/pool/pool.ts";
import { BALANCE_METHODS } from "../policy/limits/balancer.ts";
import { ALPN_OPTION } from "../serve/options/alpn.ts";
import { TLS_OPTIONS } from "../serve/options/tls.ts";
import { UPSTREAM_TLS_OPTIONS } from "../serve/options/upstream_tls.ts";
import { VIA_OPTIONS } from "../serve/options/parents.ts";
import { SEND_PROXY_OPTIONS } from "../serve/options/send_proxy.ts";
import { ACCEPT_PROXY_OPTIONS } from "../serve/options/accept_proxy.ts";
import { ADMIN_OPTIONS } from "../serve/options/admin.ts";
import { COMMON_OPTIONS, GRACE_OPTIONS } from "../serve/options/common.ts";
import {
  choice,
  collected,
  count,
  duration,
  flag,
  operand,
} from "../cli/declare_options.ts";
import { parseRoutes, parseServerNames } from "./routes.ts";
import { LIMIT_OPTIONS } from "../serve/options/limits.ts";
import { NAME_OPTIONS } from "../serve/options/names.ts";
import type { OptionValues } from "../cli/option.ts";
import { RESET_OPTIONS } from "../serve/options/resets.ts";
import { WORKER_OPTIONS } from "../serve/options/workers.ts";

/** Headings of these options. */
const GROUP = {
  pool: "Connections that are ready",
  upstreams: "Upstreams",
} as const;

/** What connections that are ready need. */
const POOL = [{ anyOf: ["pool"], is: ["ahead", "reuse"] }] as const;

/** Options of connections that are ready. */
const POOL_OPTIONS = {
  "pool": choice(POOL_MODES, {
    default: "off",
    setting: "pool.mode",
    group: GROUP.pool,
    help:
      "connections that are ready before they are needed: ahead dials them, each for one client; reuse keeps those that clients have left in good order, for protocols without a session",
  }),
  "pool-size": count({
    default: "0",
    least: "0",
    requires: POOL,
    setting: "pool.size",
    group: GROUP.pool,
    help: "connections ready for each upstream; 0 is none",
  }),
  "pool-idle-timeout": duration({
    default: "1m",
    requires: POOL,
    setting: "pool.idleTimeout",
    group: GROUP.pool,
    help: "time limit for a connection to be ready and unused; 0 is for ever",
  }),
  "pool-max-age": duration({
    default: "10m",
    requires: POOL,
    setting: "pool.maxAge",
    group: GROUP.pool,
    help: "age up to which a connection is given to a client; 0 is any",
  }),
  "pool-settle": duration({
    default: "50ms",
    requires: POOL,
    setting: "poolSettle",
    group: GROUP.pool,
    help:
      "silence, after an answer and the client's end, until its connection is free for the next client (reuse)",
  }),
  "server-speaks-first": flag(
    "connect for a client at once, and keep what an upstream says to a connection that is ready (ahead)",
    {
      group: GROUP.pool,
      requires: POOL,
      setting: "pool.serverSpeaksFirst",
    },
  ),
};

/** Options of several upstreams. */
const UPSTREAM_OPTIONS = {
  "balance": choice(BALANCE_METHODS, {
    default: "round-robin",
    setting: "balance.method",
    group: GROUP.upstreams,
    help:
      "which of several upstreams is next; random takes the less busy one of two",
  }),
  "check-interval": duration({
    default: "0",
    setting: "balance.checkInterval",
    group: GROUP.upstreams,
    help:
      "how often to check that each upstream takes connections; 0 is never: then clients' own connections tell",
  }),
  "check-timeout": duration({
    default: "2s",
    requires: "check-interval",
    setting: "balance.checkTimeout",
    group: GROUP.upstreams,
    help: "time limit for a check",
  }),
  "rise": count({
    default: "2",
    setting: "health.rise",
    group: GROUP.upstreams,
    help: "connections in a row that bring an upstream up",
  }),
  "fall": count({
    default: "3",
    setting: "health.fall",
    group: GROUP.upstreams,
    help: "failures in a row that take an upstream down",
  }),
  "retry-after": duration({
    default: "10s",
    setting: "health.retryAfter",
    group: GROUP.upstreams,
    help:
      "how often a client's connection tries an upstream that is down, where there are no checks; one that has no other beside it is always tried",
  }),
  "slow-start": duration({
    default: "0",
    requires: "check-interval",
    setting: "balance.slowStart",
    group: GROUP.upstreams,
    help: "how long an upstream that came up gets less than its share",
  }),
};

/** Options of `sluice forward`. */
export const FORWARD_OPTIONS = {
  "routes": operand("address", {
    value: "LISTEN UPSTREAM…",
    isNumeric: true,
    setting: "routes",
    help:
      "where to listen, and where to relay to: HOST:PORT, [IPV6]:PORT, PORT (on 127.0.0.1), :PORT (listen on all addresses) or unix:PATH; an upstream also tls://HOST:PORT, and it may have ,weight=N and ,backup. Or several pairs: LISTEN=UPSTREAM",
  }, parseRoutes),
  "sni": collected("address", {
    value: "NAME=UPSTREAM",
    setting: "serverNames",
    help:
      "relay clients that ask for this server in TLS to another upstream, without decrypting; *.NAME is any name below it; repeatable, also with one name. Others go to UPSTREAM, or nowhere",
  }, parseServerNames),
  ...POOL_OPTIONS,
  ...UPSTREAM_OPTIONS,
  ...SEND_PROXY_OPTIONS,
  ...VIA_OPTIONS,
  ...TLS_OPTIONS,
  "tls-alpn": ALPN_OPTION,
  ...UPSTREAM_TLS_OPTIONS,
  "connect-timeout": duration({
    default: "10s",
    setting: "timeouts.connect",
    help: "time limit for connecting to an upstream; 0 is for ever",
  }),
  ...NAME_OPTIONS,
  ...ACCEPT_PROXY_OPTIONS,
  ...RESET_OPTIONS,
  ...LIMIT_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...COMMON_OPTIONS,
  ...GRACE_OPTIONS,
};

/** Values of the options of `sluice forward`. */
export type ForwardOptions = OptionValues<typeof FORWARD_OPTIONS>;
