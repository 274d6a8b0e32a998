/**
 * The doctor's findings about a fleet: whether its Redis answers, and the
 * permissions that it needs.
 *
 * @module
 */

import type { FleetOptions } from "../serve/options/fleet.ts";
import { formatRedisPlace, type RedisPlace } from "../wire/redis_url.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { Finding } from "./finding.ts";

/** Permissions for a fleet. */
export interface FleetNeeds {
  /** Paths to read and to write: a Unix socket. */
  readonly paths: readonly string[];
  /** Hosts; `undefined` if a name could stand for any address. */
  readonly hosts: readonly string[] | undefined;
}

/**
 * Examines the Redis of a fleet.
 *
 * @param options Values of the options (default: no fleet).
 * @returns Its finding, if there is a fleet.
 */
export async function examineFleet(
  options: FleetOptions | undefined,
): Promise<Finding[]> {
  if (options?.fleet === undefined) return [];
  const { tryRedis } = await import("../fleet/redis_options.ts");
  const where = `Redis at ${formatRedisPlace(options.fleet)}`;
  const check = "fleet";
  const fault = await tryRedis(options);
  if (fault === undefined) {
    return [{ level: "ok", check, message: `${where} answers` }];
  }
  const isStopped = fault.isFinal || options["fleet-on-loss"] === "refuse";
  return [{
    level: isStopped ? "problem" : "warning",
    ...{ check, message: `${where}: ${fault.message}` },
    remedy: isStopped
      ? "Sluice would not start; see sluice help fleet"
      : "Sluice would wait for it, and admit nobody until it answers",
  }];
}

/**
 * Finds the permissions that a fleet needs.
 *
 * @param place Its Redis (default: no fleet).
 */
export function fleetNeeds(place: RedisPlace | undefined): FleetNeeds {
  if (place === undefined) return { paths: [], hosts: [] };
  const { hosts, master, path } = place;
  if (path !== undefined) return { paths: [path], hosts: [`unix:${path}`] };
  const isFixed = master === undefined &&
    hosts.every(({ host }) => parseIpAddress(host) !== undefined);
  return {
    paths: [],
    hosts: isFixed
      ? hosts.map(({ host, port }) => formatHostPort(host, port))
      : undefined,
  };
}
