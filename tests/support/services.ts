/**
 * Services for tests that call a handler without a proxy.
 *
 * @module
 */

import type { ProxyServices } from "../../lib/serve/proxy_services.ts";
import { Resolver } from "../../lib/net/names/resolver.ts";
import { Bans } from "../../lib/policy/users/bans.ts";
import { ConnectionLimits } from "../../lib/policy/limits/connection_limits.ts";
import { Rules } from "../../lib/policy/rules/rules.ts";

/** Services without time limits, for everyone and to any target. */
export function testServices(
  given: Partial<ProxyServices> = {},
): ProxyServices {
  return {
    users: undefined,
    protocols: new Set(["socks5", "socks4", "http"] as const),
    rules: { current: new Rules() },
    isGuarded: false,
    limits: new ConnectionLimits(100),
    connectionsPerClient: 0,
    timeouts: { handshake: 0, connect: 0, idle: 0, halfClose: 0 },
    udp: {
      advertise: undefined,
      ports: undefined,
      idleTimeout: 0,
      limits: new ConnectionLimits(100),
      perClient: 0,
    },
    resolver: new Resolver(),
    outgoing: {},
    parents: undefined,
    sendProxy: undefined,
    bindTimeout: 0,
    forwardedFor: false,
    bans: new Bans(),
    log: () => {},
    ...given,
  };
}
