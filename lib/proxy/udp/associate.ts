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

import { discard } from "../../net/discard.ts";
import { familyOf, preferFamily } from "../../net/names/family_preference.ts";
import type { Resolver } from "../../net/names/resolver.ts";
import type { TunnelResult } from "../../net/tunnel.ts";
import { openUdp } from "../../net/udp/datagram_socket.ts";
import { Refusal } from "../../policy/limits/refusal.ts";
import { Context, timeoutError } from "../../sync/context.ts";
import { watchStall } from "../../sync/stall.ts";
import { waitFor } from "../../sync/wait_for.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import { type IpAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { isSameAddress } from "../../wire/ip_mapped.ts";
import { REPLY, Socks5Error } from "../../wire/socks/v5.ts";
import { encodeReply } from "../../wire/socks/v5_reply.ts";
import type { Request } from "../../wire/socks/v5_request.ts";
import { decideAhead, type Decision } from "../../serve/target/decide.ts";
import { ParentWays } from "./parent_ways.ts";
import { type RouteFor, UdpRelay } from "./relay.ts";
import type { ProxySession } from "../../serve/proxy_services.ts";

/** Most bytes to ignore on the client's control connection. */
const MOST_DISCARDED = 1024 * 1024;

/**
 * Relays datagrams until the client's connection ends.
 *
 * @param session The client; its request is read, its reader released.
 * @param request The announced source of its datagrams.
 * @returns How the association ended, with the bytes of payload each way.
 * @throws {Refusal} If limits, rules or a drain forbid it.
 * @throws {DialError} If no relay socket can be opened.
 */
export async function associate(
  session: ProxySession,
  request: Request,
): Promise<TunnelResult> {
  const { record, remote, services } = session;
  record.command = "udp";
  record.target = `udp ${formatHostPort(request.host, request.port)}`;
  const admission = session.requireAdmission();
  if (admission !== undefined) await admission;
  if (services.hooks !== undefined) {
    // Hooks decide about one target, but each datagram may have another.
    throw new Refusal(
      "forbidden",
      "UDP cannot be combined with authorize and dial",
    );
  }
  const client = parseIpAddress(remote.hostname);
  const own = parseIpAddress(session.local.hostname);
  if (client === undefined || own === undefined) {
    throw new Socks5Error(
      REPLY.CommandNotSupported,
      "Cannot serve request: UDP needs a client with an address, not one of a Unix socket",
    );
  }
  // The target is not known yet. A denial for all targets ends it here.
  const decision = decideAhead(session, "udp");
  const ahead = decision.requireName();
  const { limits, perClient } = services.udp;
  const lease = await limits.admitOrWait(remote.hostname, perClient);
  try {
    const port = announcedPort(request, client);
    return await relayFor(decision, { ip: client, port }, ahead?.via);
  } finally {
    lease.release();
  }
}

/**
 * Returns the announced source port of the datagrams (RFC 1928 §7), or 0 if the
 * first datagram reveals it. If the announced address is not the client's, the
 * client is behind NAT and its port differs here too. A name is the target's,
 * with the target's port. Sluice accepts datagrams only from the address of the
 * connection anyway.
 */
function announcedPort({ host, port }: Request, client: IpAddress): number {
  const isAny = typeof host === "string"
    ? host === "0" // PySocks writes 0.0.0.0 as this name.
    : host.every((byte) => byte === 0);
  if (isAny) return port;
  return typeof host !== "string" && isSameAddress(host, client) ? port : 0;
}

async function relayFor(
  decision: Decision,
  client: { ip: IpAddress; port: number },
  via: string | undefined,
): Promise<TunnelResult> {
  const { session } = decision;
  const { local, record, remote, services, trail } = session;
  const { outgoing, parents, resolver } = services;
  using context = new Context(session.context);
  decision.settle(undefined);
  const open: { relay?: UdpRelay } = {};
  await using ways = new ParentWays({
    associate: (group) =>
      group.associate({ client: remote.hostname, context, trail }),
    onReturn: (...returned) => open.relay?.passBack(...returned),
    onEnd: (parent) =>
      context.cancel(new Error(`Parent ${parent} ended the association`)),
    onOpen: (way) => record.via ??= way,
  });
  // Asks the parents now, so that the client learns whether they can relay.
  const group = parents?.find(via);
  if (group !== undefined) await ways.open(group);
  const socket = openUdp(local.hostname, services.udp.ports);
  const relay = open.relay = new UdpRelay(socket, {
    client: client.ip,
    clientPort: client.port,
    paces: session.usage?.paces,
    route: routeFor(decision, ways),
    lookup: (name) => lookUp(resolver, name, context),
    outgoing,
  });
  try {
    return await serve(session, relay, context);
  } finally {
    context.cancel(new Error("Association has ended"));
    await relay.close();
    const targets = relay.told.list;
    if (targets !== undefined) record.targets = targets;
  }
}

async function serve(
  session: ProxySession,
  relay: UdpRelay,
  context: Context,
): Promise<TunnelResult> {
  const { local, record, services } = session;
  record.datagrams = relay.datagrams;
  session.usage?.watch(() => relay.bytes.sent + relay.bytes.received);
  session.live?.meter(() => relay.bytes);
  session.live?.open();
  const ip = services.udp.advertise ?? parseIpAddress(local.hostname)!;
  const bound = { ip, port: relay.port };
  await session.answer(encodeReply(REPLY.Succeeded, bound));
  return await untilEnd(session, relay, context);
}

/** Chooses the route of each datagram by the rules. */
function routeFor(decision: Decision, ways: ParentWays): RouteFor {
  const { parents, resolver } = decision.session.services;
  return (ip, { host, port }) => {
    if (ip !== undefined && !resolver.uses(ip)) return undefined;
    if (decision.isFree) return "direct";
    const verdict = decision.about(host, port).of(ip);
    if (verdict?.isAllowed === false) return undefined;
    // If the answer depends on the address, the name is resolved here first.
    const group = verdict && parents?.find(verdict.via);
    return group === undefined ? "direct" : ways.find(group);
  };
}

/**
 * Orders addresses by preference, because UDP reveals no failure. Without a
 * preference IPv4 comes first, since more networks support it. Sluice waits for
 * late addresses if they would come first; otherwise they come last.
 */
async function lookUp(
  resolver: Resolver,
  name: string,
  context: Context,
): Promise<IpAddress[] | undefined> {
  const { preference } = resolver;
  const order = preference === "system" ? "ipv4" : preference;
  const family = order === "ipv4" || order === "only-ipv4" ? 4 : 6;
  try {
    const { addresses, late } = await resolver.find(name, context);
    const isFirst = late !== undefined &&
      !addresses.some((ip) => familyOf(ip) === family);
    const more = isFirst ? await waitFor(late, context) : [];
    const known = preferFamily([...addresses, ...more], order);
    if (!isFirst) void late?.then((more) => known.push(...more));
    return known;
  } catch {
    return undefined; // Nobody waits for an answer; the datagram counts as dropped.
  }
}

/** Waits for the end of the client's connection, or ends it with the context. */
async function untilEnd(
  session: ProxySession,
  relay: UdpRelay,
  context: Context,
): Promise<TunnelResult> {
  const { client, services } = session;
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
    if (!await discard(client, MOST_DISCARDED)) {
      throw new Refusal(
        "limit reached",
        "Client sent data on its control connection",
      );
    }
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
