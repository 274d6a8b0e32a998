/**
 * Reads the address and certificates of Redis from options, and tries them.
 *
 * @module
 */

import { requireText } from "../cli/read_file.ts";
import { concerning } from "../cli/usage_error.ts";
import type { FleetOptions } from "../serve/options/fleet.ts";
import { connectRedis, type RedisWay } from "./connect.ts";
import { type RedisFault, redisFault } from "./redis_fault.ts";

/**
 * Reads the certificates, and joins them with the address.
 *
 * @param options Values of the options; `fleet` is set.
 * @param name Name of the connection in Redis's list of clients.
 * @throws {StartError} If a file cannot be read.
 */
export async function readRedisWay(
  options: FleetOptions,
  name: string,
): Promise<RedisWay> {
  const { fleet: place, "fleet-timeout": timeout } = options;
  const [ca, cert, key] = await Promise.all(
    (["fleet-ca", "fleet-cert", "fleet-key"] as const).map((option) =>
      readPem(option, options[option])
    ),
  );
  return { place: place!, timeout, name, tls: { ca, cert, key } };
}

/**
 * Connects once, to check whether Redis can be used.
 *
 * @param options Values of the options; `fleet` is set.
 * @returns Why it cannot be used; `undefined` if it can.
 * @throws {StartError} If a file cannot be read.
 */
export async function tryRedis(
  options: FleetOptions,
): Promise<RedisFault | undefined> {
  try {
    const way = await readRedisWay(options, "sluice-doctor");
    (await connectRedis(way)).close();
    return undefined;
  } catch (error) {
    return redisFault(error);
  }
}

async function readPem(
  option: string,
  path: string | undefined,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  return await concerning(option, () => requireText("read", path));
}
