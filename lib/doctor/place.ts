/**
 * The doctor's findings about a listening address: whether it is free.
 *
 * @module
 */

import type { Listener } from "../net/listen.ts";
import { describeError } from "../observe/describe_error.ts";
import { refusedRange } from "../policy/rules/address_guard.ts";
import { openEndpoint, openListener } from "../serve/open_listener.ts";
import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { Finding } from "./finding.ts";

/** Check of the findings about a port. */
export const PLACE = "port";

/**
 * Checks whether a port, or the path of a Unix socket, is free.
 *
 * @param where The address.
 */
export async function examinePlace(where: Endpoint): Promise<Finding> {
  const isUnix = isUnixPath(where);
  const check = isUnix ? "socket" : PLACE;
  let listener: Listener;
  try {
    listener = isUnix ? await openEndpoint(where) : openListener(where);
  } catch (error) {
    const message = describeError(error);
    const remedy = `ss ${isUnix ? "-xlp" : "-ltnp"} tells who listens where`;
    return { level: "problem", check, message, remedy };
  }
  const { hostname } = listener.addr as Deno.NetAddr;
  listener[Symbol.dispose]();
  const message = `${formatEndpoint(where)} is free`;
  if (isUnix) return { level: "ok", check, message };
  const ip = parseIpAddress(hostname);
  const range = ip === undefined ? undefined : refusedRange(ip);
  const reach = range?.startsWith("loopback")
    ? "on this machine"
    : "from anywhere";
  return { level: "ok", check, message: `${message}, for clients ${reach}` };
}
