/**
 * Reads the client's address from the PROXY header of a load balancer.
 *
 * ```text
 * client            load balancer                     sluice
 *   | -- connect -----> | -- connect, PROXY header ----> | (the client's address
 *   | <================ protocol ======================> |  counts from here on)
 * ```
 *
 * @module
 */

import { Refusal } from "../policy/limits/refusal.ts";
import {
  formatIpAddress,
  parseIpAddress,
  type SocketAddress,
} from "../wire/ip_address.ts";
import { type IpRange, isInRange } from "../wire/ip_range.ts";
import type { ProxyHeader } from "../wire/proxy/endpoints.ts";
import { parseProxyHeader } from "../wire/proxy/header.ts";
import type { Protocol } from "./connection.ts";
import type { ConnectionServices } from "./connection_services.ts";
import type { Session } from "./session.ts";

/** Sources of PROXY headers. */
export interface AcceptProxy {
  /** Whether every connection must begin with a header. */
  readonly isRequired: boolean;
  /**
   * Addresses that may send headers; without this check any client could claim
   * any address. Clients of a Unix socket may send them too, because the file's
   * permissions already limit access.
   */
  readonly from: readonly IpRange[];
}

/**
 * Reads a PROXY header before a protocol starts.
 *
 * @typeParam S What the protocol works with.
 * @param accept Sources of headers.
 * @param protocol What follows the header.
 * @returns The protocol with the header.
 */
export function behindProxy<S extends ConnectionServices>(
  accept: AcceptProxy,
  protocol: Protocol<S>,
): Protocol<S> {
  return async (session) => {
    if (isTrusted(session.remote, accept)) await takeHeader(session, accept);
    else if (accept.isRequired) {
      throw refused(
        `${session.record.client} may not send a PROXY header; --accept-proxy-from lists the addresses that may`,
      );
    }
    return await protocol(session);
  };
}

function isTrusted({ hostname }: Deno.NetAddr, { from }: AcceptProxy): boolean {
  const ip = parseIpAddress(hostname);
  return ip === undefined || from.some((range) => isInRange(range, ip));
}

async function takeHeader(
  session: Session,
  { isRequired }: AcceptProxy,
): Promise<void> {
  const header = await readHeader(session);
  if (header instanceof Uint8Array) {
    if (isRequired) throw refused("it is missing");
    session.reader.unread(header);
    return;
  }
  const { endpoints } = header;
  if (endpoints === undefined) return; // A health check of the proxy itself.
  const { destination, source } = endpoints;
  await session.actFor(toNetAddr(source), toNetAddr(destination));
}

function toNetAddr({ ip, port }: SocketAddress): Deno.NetAddr {
  return { transport: "tcp", hostname: formatIpAddress(ip), port };
}

async function readHeader(
  { reader }: Session,
): Promise<ProxyHeader | Uint8Array> {
  try {
    return await reader.parse(parseProxyHeader());
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new Refusal("forbidden", error.message);
  }
}

function refused(state: string): Refusal {
  return new Refusal("forbidden", `Cannot read PROXY header: ${state}`);
}
