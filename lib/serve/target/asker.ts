/**
 * Describes a client for the rules.
 *
 * @module
 */

import { pathOf } from "../../net/unix_socket.ts";
import type { Question } from "../../policy/rules/question.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import type { Session } from "../session.ts";

/** The part of a question that describes the client. */
export type Asker = Pick<Question, "client" | "user" | "listener">;

/**
 * Describes a client.
 *
 * @param session The client, with known identity.
 * @returns Its address, user and listener.
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
  // A link-local IPv6 address ends with its zone.
  const zone = hostname.indexOf("%");
  const ip = parseIpAddress(zone < 0 ? hostname : hostname.slice(0, zone));
  if (ip === undefined) throw new TypeError(`Not an address: ${hostname}`);
  return ip;
}
