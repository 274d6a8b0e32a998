/**
 * The options of `sluice forward`.
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
import { parseRoutes, parseSniRoutes } from "./routes.ts";
import { LIMIT_OPTIONS } from "../serve/options/limits.ts";
import { NAME_OPTIONS } from "../serve/options/names.ts";
import type { LayersConfig } from "../serve/add_layers.ts";
import type { OptionValues } from "../cli/option.ts";
import type { SettingsOf } from "../cli/settings.ts";
import {
  CHANGE_OPTIONS,
  RULE_OPTIONS,
  RULES_MODE_OPTIONS,
} from "../serve/options/rules.ts";
import { RESET_OPTIONS } from "../serve/options/resets.ts";
import { FLEET_OPTIONS } from "../serve/options/fleet.ts";
import { WORKER_OPTIONS } from "../serve/options/workers.ts";

/** Headings of these options. */
const GROUP = {
  pool: "Connections that are ready",
  upstreams: "Upstreams",
} as const;

/** What pool options require. */
const POOL = [{ anyOf: ["pool"], is: ["ahead", "reuse"] }] as const;

/** Options of the pool. */
const POOL_OPTIONS = {
  "pool": choice(POOL_MODES, {
    default: "off",
    setting: "pool.mode",
    group: GROUP.pool,
    help:
      "keep connections ready: ahead dials them in advance, one for each client; reuse gives connections that clients have finished with to other clients, for protocols without a session",
  }),
  "pool-size": count({
    default: "0",
    least: "0",
    requires: POOL,
    setting: "pool.size",
    group: GROUP.pool,
    help: "connections to keep ready for each upstream; 0 keeps none",
  }),
  "pool-idle-timeout": duration({
    default: "1m",
    requires: POOL,
    setting: "pool.idleTimeout",
    group: GROUP.pool,
    help: "how long a ready connection may stay unused; 0 disables the limit",
  }),
  "pool-max-age": duration({
    default: "10m",
    requires: POOL,
    setting: "pool.maxAge",
    group: GROUP.pool,
    help:
      "greatest age of a connection that a client gets; 0 disables the limit",
  }),
  "pool-settle": duration({
    default: "50ms",
    requires: POOL,
    setting: "poolSettle",
    group: GROUP.pool,
    help:
      "how long the upstream must be silent after a client has left before the next client gets the connection (reuse)",
  }),
  "server-speaks-first": flag(
    "the upstream sends first, as in SMTP: connect before the client sends anything, and keep the greeting of a ready connection for its client (ahead)",
    {
      group: GROUP.pool,
      requires: POOL,
      setting: "pool.serverSpeaksFirst",
    },
  ),
};

/** Options for several upstreams. */
const UPSTREAM_OPTIONS = {
  "balance": choice(BALANCE_METHODS, {
    default: "round-robin",
    setting: "balance.method",
    group: GROUP.upstreams,
    help:
      "which of several upstreams Sluice takes next; random takes the less busy of two",
  }),
  "check-interval": duration({
    default: "0",
    setting: "balance.checkInterval",
    group: GROUP.upstreams,
    help:
      "how often to check that each upstream accepts connections; 0 disables the checks: Sluice then learns it from clients' connections",
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
    help: "successes in a row that mark an upstream as up",
  }),
  "fall": count({
    default: "3",
    setting: "health.fall",
    group: GROUP.upstreams,
    help: "failures in a row that mark an upstream as down",
  }),
  "retry-after": duration({
    default: "10s",
    setting: "health.retryAfter",
    group: GROUP.upstreams,
    help:
      "without checks: how often a client's connection tries an upstream that is down; an only upstream is always tried",
  }),
  "slow-start": duration({
    default: "0",
    requires: "check-interval",
    setting: "balance.slowStart",
    group: GROUP.upstreams,
    help: "how long an upstream that has come up gets less than its share",
  }),
};

/** Options of `sluice forward`. */
export const FORWARD_OPTIONS = {
  "routes": operand("address", {
    value: "LISTEN UPSTREAM…",
    isNumeric: true,
    setting: "routes",
    help:
      "where to listen and where to relay to: HOST:PORT, [IPV6]:PORT, PORT (on 127.0.0.1), :PORT (listen on all addresses) or unix:PATH; an upstream can be tls://HOST:PORT and end in ,weight=N and ,backup. Or several pairs LISTEN=UPSTREAM",
  }, parseRoutes),
  "sni": collected("address", {
    value: "NAME=UPSTREAM",
    setting: "serverNames",
    help:
      "relay TLS clients that ask for this server name to another upstream, without decrypting; *.NAME stands for every name below it; repeatable, also with the same name. Other clients go to UPSTREAM, or are refused if there is none",
  }, parseSniRoutes),
  ...POOL_OPTIONS,
  ...UPSTREAM_OPTIONS,
  ...SEND_PROXY_OPTIONS,
  ...RULE_OPTIONS,
  ...RULES_MODE_OPTIONS,
  ...CHANGE_OPTIONS,
  ...VIA_OPTIONS,
  ...TLS_OPTIONS,
  "tls-alpn": ALPN_OPTION,
  ...UPSTREAM_TLS_OPTIONS,
  "connect-timeout": duration({
    default: "10s",
    setting: "timeouts.connect",
    help: "time limit for connecting to an upstream; 0 disables it",
  }),
  ...NAME_OPTIONS,
  ...ACCEPT_PROXY_OPTIONS,
  ...RESET_OPTIONS,
  ...LIMIT_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...FLEET_OPTIONS,
  ...COMMON_OPTIONS,
  ...GRACE_OPTIONS,
};

/** Values of the options of `sluice forward`. */
export type ForwardOptions = OptionValues<typeof FORWARD_OPTIONS>;

/** The settings that they declare, and what stands before the tunnel. */
export type ForwardSettings = SettingsOf<typeof FORWARD_OPTIONS> & LayersConfig;
