/**
 * UDP ASSOCIATE: a client sends datagrams for as long as its connection is open
 * (RFC 1928 §4, §6, §7).
 *
 * ```text
 * client                      sluice                       targets
 *   | -- request ---------------> |                            |
 *   | <-- reply: send here ------ | (opens a relay socket)     |
 *   | <====== datagrams ========> | <====== datagrams =======> |
 *   | -- end of file -----------> | (closes the sockets)       |
 * ```
 *
 * @module
 */

import type { Duplex } from "../net/duplex.ts";
import { preferFamily } from "../net/family_preference.ts";
import type { Resolver } from "../net/resolver.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import { openUdp } from "../net/udp.ts";
import { Refusal } from "../policy/refusal.ts";
import { Context, timeoutError } from "../sync/context.ts";
import { watchStall } from "../sync/stall.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { type IpAddress, parseIpAddress } from "../wire/ip_address.ts";
import { isSameAddress } from "../wire/ip_mapped.ts";
import { REPLY } from "../wire/socks5.ts";
import { encodeReply } from "../wire/socks5_reply.ts";
import type { Request } from "../wire/socks5_request.ts";
import { requireAdmission } from "./open_target.ts";
import type { Session } from "./session.ts";
import { UdpRelay } from "./udp_relay.ts";

/** A client has nothing to say on its connection; one that talks is ended. */
const MOST_DISCARDED = 1024 * 1024;

/**
 * Relays datagrams until the client's connection ends.
 *
 * @param session The client; its request is read, its reader released.
 * @param request Where it says that its datagrams will come from.
 * @returns How the association ended, with the bytes of payload each way.
 * @throws {Refusal} If limits, rules or a drain forbid it.
 * @throws {DialError} If there is no socket for it.
 */
export async function associate(
  session: Session,
  request: Request,
): Promise<TunnelResult> {
  const { record, remote, services } = session;
  record.target = `udp ${formatHostPort(request.host, request.port)}`;
  requireAdmission(session);
  const client = parseIpAddress(remote.hostname)!;
  const { limits, perClient } = services.udp;
  const lease = limits.admit(remote.hostname, perClient);
  try {
    return await relayFor(session, client, announcedPort(request, client));
  } finally {
    lease.release();
  }
}

/**
 * The port that the datagrams will come from, or 0 where the first one tells.
 * An address that is not the client's is what it has behind NAT, and says as
 * little about its port here; datagrams are taken from the address of its
 * connection alone. So is any name: PySocks announces `0` as one.
 */
function announcedPort({ host, port }: Request, client: IpAddress): number {
  if (typeof host === "string" || host.every((byte) => byte === 0)) return port;
  return isSameAddress(host, client) ? port : 0;
}

async function relayFor(
  session: Session,
  client: IpAddress,
  clientPort: number,
): Promise<TunnelResult> {
  const { local, record, services } = session;
  const ip = parseIpAddress(local.hostname)!;
  const socket = openUdp(local.hostname, services.udp.ports);
  using context = new Context(session.context);
  const { refuseAddress, resolver } = services;
  const mayReach = (ip: IpAddress) =>
    refuseAddress(ip) === undefined && resolver.uses(ip);
  const relay = new UdpRelay(socket, {
    client,
    clientPort,
    mayReach,
    paces: session.usage?.paces,
    lookup: async (name) => {
      const addresses = await lookUp(resolver, name, context);
      return pick(addresses.filter(mayReach), resolver);
    },
    outgoing: services.outgoing,
  });
  record.datagrams = relay.datagrams;
  session.usage?.watch(() => relay.bytes.sent + relay.bytes.received);
  try {
    const { port } = socket.addr as Deno.NetAddr;
    const bound = { ip: services.udp.advertise ?? ip, port };
    await session.client.write(encodeReply(REPLY.Succeeded, bound));
    session.encodeRefusal = undefined;
    return await untilEnd(session, relay);
  } finally {
    context.cancel(new Error("Association has ended"));
    await relay.close();
  }
}

async function lookUp(
  resolver: Resolver,
  name: string,
  context: Context,
): Promise<IpAddress[]> {
  try {
    return await resolver.resolve(name, context);
  } catch {
    return []; // There is nobody to tell; the datagram is counted.
  }
}

/**
 * Picks one address: UDP does not tell whether it was the right one. Where
 * nothing is preferred IPv4 comes first, which more networks carry.
 */
function pick(
  addresses: IpAddress[],
  { preference }: Resolver,
): IpAddress | undefined {
  const order = preference === "system" ? "ipv4" : preference;
  return preferFamily(addresses, order)[0];
}

/** Waits for the end of the client's connection, or makes it end. */
async function untilEnd(
  session: Session,
  relay: UdpRelay,
): Promise<TunnelResult> {
  const { client, context, services } = session;
  const { bytes, datagrams } = relay;
  const { idleTimeout } = services.udp;
  const result: TunnelResult = {
    sent: 0,
    received: 0,
    endedFirst: "client",
    error: undefined,
  };
  function cut(reason: unknown): void {
    result.endedFirst = undefined;
    result.error ??= reason;
    client.close();
  }
  const stall = watchStall(
    idleTimeout,
    () => datagrams.sent + datagrams.received,
    () => cut(timeoutError(idleTimeout, "Idle time")),
  );
  const unregister = context.onCancel(cut);
  try {
    await discard(client);
  } catch (error) {
    result.error ??= error;
  } finally {
    stall.clear();
    unregister();
    client.releaseBuffer();
  }
  await relay.close();
  return { ...result, ...bytes };
}

/** Reads to end of file. */
async function discard(client: Duplex): Promise<void> {
  const reader = client.readable.getReader();
  const most = client.received + MOST_DISCARDED;
  while (client.received <= most) {
    const { done } = await reader.read();
    if (done) return;
  }
  throw new Refusal("limit reached", "Client sends on its control connection");
}
