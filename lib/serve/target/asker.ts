/**
 * Who asks, as the rules know it.
 *
 * @module
 */

import { pathOf } from "../../net/unix_socket.ts";
import type { Question } from "../../policy/rules/question.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import type { Session } from "../session.ts";

/** What the rules are told of a client, whatever it asks for. */
export type Asker = Pick<Question, "client" | "user" | "listener">;

/**
 * Tells who a client is.
 *
 * @param session The client; its identity is known.
 * @returns Its address, its user and where it came in.
 */
export function askerOf(
  { identity, local, remote }: Pick<Session, "identity" | "local" | "remote">,
): Asker {
  return {
    client: pathOf(remote) === undefined ? addressOf(remote) : undefined,
    user: identity?.name,
    listener: placeOf(local),
  };
}

function placeOf(local: Deno.NetAddr): Question["listener"] {
  const path = pathOf(local);
  if (path !== undefined) return { path };
  return { ip: addressOf(local), port: local.port };
}

function addressOf({ hostname }: Deno.NetAddr): IpAddress {
  // A link-local address of IPv6 has its zone behind it.
  const zone = hostname.indexOf("%");
  const ip = parseIpAddress(zone < 0 ? hostname : hostname.slice(0, zone));
  if (ip === undefined) throw new TypeError(`Not an address: ${hostname}`);
  return ip;
}
