/**
 * Finds endpoints of one command that conflict, before the system reports that
 * a port is in use.
 *
 * @module
 */

import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import type { Route } from "./target/route.ts";
import { sourceOf } from "../cli/option.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Option values that contain endpoints. */
interface PlaceValues {
  listen?: Endpoint | readonly Endpoint[];
  routes?: readonly Route[];
  ws?: readonly Endpoint[];
  admin?: Endpoint;
}

/** An endpoint and the option that names it. */
interface Place {
  option: keyof PlaceValues;
  endpoint: Endpoint;
}

/**
 * Refuses options that use the same endpoint.
 *
 * @param values Option values of a server.
 * @throws {UsageError} If two endpoints conflict; the message names both
 *   options.
 */
export function requireDistinctEndpoints(values: object): void {
  const places = placesOf(values);
  for (const [index, { endpoint, option }] of places.entries()) {
    const before = places.slice(0, index).find((one) =>
      isSame(one.endpoint, endpoint)
    );
    if (before === undefined) continue;
    const { table } = sourceOf(values);
    const isTwice = before.option === option &&
      formatEndpoint(before.endpoint) === formatEndpoint(endpoint);
    const spell = (name: string) =>
      table[name]?.isOperand ? "LISTEN" : `--${name}`;
    const there = `${spell(before.option)} ${formatEndpoint(before.endpoint)}`;
    throw new UsageError(
      isTwice
        ? `${formatEndpoint(endpoint)} is given twice; give it once`
        : `${
          formatEndpoint(endpoint)
        } is already taken by ${there}; give another port`,
      {
        option,
        others: [before.option],
        operand: table[option]?.isOperand ? table[option].value : undefined,
      },
    );
  }
}

function placesOf({ admin, listen, routes = [], ws = [] }: PlaceValues) {
  const listened = listen === undefined ? [] : [listen].flat();
  return [
    ...named("listen", listened),
    ...named("routes", routes.map(({ listen }) => listen)),
    ...named("ws", ws),
    ...named("admin", admin === undefined ? [] : [admin]),
  ];
}

function named(
  option: Place["option"],
  endpoints: readonly Endpoint[],
): Place[] {
  return endpoints.map((endpoint) => ({ option, endpoint }));
}

/** Whether only one of the two can be bound. Names are not resolved. */
function isSame(one: Endpoint, other: Endpoint): boolean {
  if (isUnixPath(one) || isUnixPath(other)) {
    return isUnixPath(one) && isUnixPath(other) && one.path === other.path;
  }
  if (one.port !== other.port || one.port === 0) return false;
  const hosts = [one.host, other.host].map((host) => host.toLowerCase());
  if (hosts[0] === hosts[1]) return true;
  // An empty host or :: means IPv4 and IPv6; 0.0.0.0 leaves IPv6 free.
  if (hosts.some((host) => host === "" || host === "::")) return true;
  return hosts.includes("0.0.0.0") && !hosts.some((host) => host.includes(":"));
}
