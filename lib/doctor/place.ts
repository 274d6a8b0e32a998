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
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
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
  if (!isUnixPath(where)) return examinePort(where);
  const check = "socket";
  try {
    (await openEndpoint(where))[Symbol.dispose]();
  } catch (error) {
    const message = describeError(error);
    const remedy = "ss -xlp tells who listens where";
    return { level: "problem", check, message, remedy };
  }
  const at = formatEndpoint(where);
  return { level: "ok", check, message: `${at} is free` };
}

function examinePort(where: HostPort): Finding {
  const check = PLACE;
  const at = formatHostPort(where.host, where.port);
  let listener: Listener;
  try {
    listener = openListener(where);
  } catch (error) {
    const message = describeError(error);
    const remedy = "ss -ltnp tells who listens where";
    return { level: "problem", check, message, remedy };
  }
  const { hostname } = listener.addr as Deno.NetAddr;
  listener[Symbol.dispose]();
  const ip = parseIpAddress(hostname);
  const range = ip === undefined ? undefined : refusedRange(ip);
  const reach = range?.startsWith("loopback")
    ? "on this machine"
    : "from anywhere";
  return { level: "ok", check, message: `${at} is free, for clients ${reach}` };
}
