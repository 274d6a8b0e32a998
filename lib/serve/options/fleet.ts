/**
 * Options for several machines that count as one through Redis.
 *
 * @module
 */

import { choice, duration, option, path } from "../../cli/declare_options.ts";
import { GROUP } from "../../cli/option_groups.ts";
import type { OptionValues } from "../../cli/option.ts";
import { resolveSecret } from "../../cli/resolve_secret.ts";
import { quote } from "../../wire/quote.ts";
import { parseRedisUrl, type RedisPlace } from "../../wire/redis_url.ts";

/** What a node does while Redis is away. */
export const ON_LOSS = ["keep", "refuse"] as const;

/** What a node does while Redis is away. */
export type OnLoss = typeof ON_LOSS[number];

/** Names end up in keys and log lines. */
const NAME = /^[\w.-]{1,64}$/;

/** Options of a program. */
export const FLEET_OPTIONS = {
  "fleet": option("url", {
    value: "URL",
    group: GROUP.fleet,
    help:
      "count connections, quotas, rates and bans together with other machines through this Redis: redis://HOST, rediss://HOST, unix:PATH or redis+sentinel://HOST,…/NAME, each host with [USER:PASSWORD@] and [:PORT]; env:NAME and file:PATH read it from the environment or a file, which keeps the password secret (default: this machine counts alone)",
  }, (text): RedisPlace => parseRedisUrl(resolveSecret(text))),
  "fleet-name": option("text", {
    value: "NAME",
    default: "sluice",
    requires: "fleet",
    group: GROUP.fleet,
    help:
      "name of the fleet: only machines with the same name count together; it is part of every key in Redis",
  }, parseName),
  "fleet-node": option("text", {
    value: "NAME",
    requires: "fleet",
    group: GROUP.fleet,
    help:
      "name of this machine in the logs of the others (default: the host's name and four random characters)",
  }, parseName),
  "fleet-on-loss": choice(ON_LOSS, {
    default: "keep",
    requires: "fleet",
    group: GROUP.fleet,
    help:
      "while Redis is away: keep admits connections within what this machine was granted before, refuse admits none; refuse also does not start without Redis. Open connections stay open",
  }),
  "fleet-timeout": duration({
    default: "2s",
    least: "100ms",
    most: "1m",
    requires: "fleet",
    group: GROUP.fleet,
    help: "time limit for Redis to accept a connection and for each answer",
  }),
  "fleet-ca": path({
    requires: "fleet",
    group: GROUP.fleet,
    help:
      "authorities (PEM) that sign the certificate of Redis (default: the system's authorities)",
  }),
  "fleet-cert": path({
    requires: [{ anyOf: ["fleet"] }, { anyOf: ["fleet-key"] }],
    group: GROUP.fleet,
    help: "certificate chain (PEM) to show to Redis",
  }),
  "fleet-key": path({
    requires: [{ anyOf: ["fleet"] }, { anyOf: ["fleet-cert"] }],
    group: GROUP.fleet,
    help: "the certificate's private key (PEM, not encrypted)",
  }),
};

/** Values of these options. */
export type FleetOptions = OptionValues<typeof FLEET_OPTIONS>;

function parseName(text: string): string {
  if (NAME.test(text)) return text;
  throw new SyntaxError(
    `${quote(text)} is not 1 to 64 letters, digits, '.', '_' or '-'`,
  );
}
