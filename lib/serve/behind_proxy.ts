/**
 * Behind another proxy that tells who the client is (PROXY protocol).
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
import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { type IpRange, isInRange } from "../wire/ip_range.ts";
import type { ProxyEndpoint, ProxyHeader } from "../wire/proxy/endpoints.ts";
import { parseProxyHeader } from "../wire/proxy/header.ts";
import type { Protocol } from "./connection.ts";
import type { ConnectionServices } from "./connection_services.ts";
import type { Session } from "./session.ts";

/** Whose headers count. */
export interface AcceptProxy {
  /** Whether everyone has to be announced by one. */
  readonly isRequired: boolean;
  /**
   * Who may announce others: anybody else could claim any address. Who comes by
   * a Unix socket may as well, since the file says who can.
   */
  readonly from: readonly IpRange[];
}

/**
 * Puts the header in front of a protocol.
 *
 * @typeParam S What the protocol works with.
 * @param accept Whose headers count.
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
  if (endpoints === undefined) return; // It speaks for itself: a check of health.
  const { destination, source } = endpoints;
  await session.actFor(toNetAddr(source), toNetAddr(destination));
}

function toNetAddr({ ip, port }: ProxyEndpoint): Deno.NetAddr {
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
