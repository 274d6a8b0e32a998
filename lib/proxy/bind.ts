/**
 * BIND: a client waits for one connection from outside (RFC 1928 §4), as an FTP
 * client does for each file in active mode.
 *
 * ```text
 * client                      sluice                         peer
 *   | -- request ---------------> |                            |
 *   | <-- reply: come here ------ | (listens)                  |
 *   |                             | <-------------- connect -- |
 *   | <-- reply: who has come --- | (listens no more)          |
 *   | <======================= tunnel =======================> |
 * ```
 *
 * @module
 */

import { BACKLOG } from "../net/system/backlog.ts";
import { dialFault } from "../net/dial_error.ts";
import { outgoingFor } from "../net/outgoing.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import { pathOf } from "../net/unix_socket.ts";
import { unmapAddr } from "../net/unmap_addr.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import type { Destination } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import {
  formatIpAddress,
  type IpAddress,
  parseIpAddress,
} from "../wire/ip_address.ts";
import { isSameAddress } from "../wire/ip_mapped.ts";
import { acceptPeer } from "../serve/accept_peer.ts";
import { decide, type Decision } from "../serve/target/decide.ts";
import { askAuthorize } from "../serve/target/ask_hooks.ts";
import type { EncodeBound } from "../serve/target/open_target.ts";
import { runTunnel } from "../serve/run_tunnel.ts";
import type { ProxySession } from "../serve/proxy_services.ts";

/** Peers that may connect. */
interface Welcome {
  /** The announced addresses, late ones too; `undefined` allows any. */
  addresses: ReadonlyMap<IpAddress, unknown> | undefined;
  /** The rules' decision about peers. */
  decision: Decision;
}

/**
 * Waits for one connection from a host and joins the client with it.
 *
 * @param session The client; its request is read, its reader released.
 * @param expected The expected peer; `0.0.0.0` and `::` mean anyone. It may
 *   connect from another port.
 * @param encodeBound Encodes a success reply: first with the address to connect
 *   to, then with the peer's address.
 * @returns How the tunnel ended.
 * @throws {Refusal} If limits, rules or a drain forbid it.
 * @throws {DialError} If the peer cannot be awaited, or did not connect in
 *   time.
 * @throws {Deno.errors.UnexpectedEof} If the client left before.
 */
export async function bind(
  session: ProxySession,
  expected: Destination,
  encodeBound: EncodeBound,
): Promise<TunnelResult> {
  const { record, services } = session;
  record.command = "bind";
  if (services.parents?.isDefault) {
    throw new Refusal("forbidden", "BIND does not go through parents");
  }
  const welcome = await resolveExpected(session, expected);
  using connection = await openPeer(session, welcome, encodeBound);
  const peer = unmapAddr(connection.remoteAddr as Deno.NetAddr);
  record.address = formatHostPort(peer.hostname, peer.port);
  welcome.decision.settle(parseIpAddress(peer.hostname));
  await session.answer(encodeBound(peer));
  return await runTunnel(session, connection);
}

/**
 * Resolves the expected peer. A peer that connects is judged again; judging
 * here tells the client early.
 */
async function resolveExpected(
  session: ProxySession,
  { host, port }: Destination,
): Promise<Welcome> {
  const wish = { command: "bind", host, port } as const;
  const decision = decide(session, wish);
  const admission = session.requireAdmission();
  if (admission !== undefined) await admission;
  const asking = askAuthorize(session, wish);
  if (asking !== undefined) await asking;
  const isAnyone = typeof host !== "string" && host.every((byte) => byte === 0);
  if (!isAnyone) session.live?.begin("rule");
  decision.requireName();
  if (isAnyone) return { addresses: undefined, decision };
  const { verdicts } = await decision.resolve(host);
  return { addresses: verdicts, decision };
}

/** Listens until one peer connects. */
async function openPeer(
  session: ProxySession,
  { addresses, decision }: Welcome,
  encodeBound: EncodeBound,
): Promise<Deno.TcpConn> {
  using listener = listen(listenHost(session, addresses));
  await session.client.write(encodeBound(listener.addr as Deno.NetAddr));
  return await acceptPeer(
    session,
    listener,
    (ip, isHere) =>
      decision.mayReach(ip, isHere) &&
      (addresses?.keys().some((expected) => isSameAddress(expected, ip)) ??
        true),
  );
}

/**
 * The peer knows this proxy by its source address, or, if none is configured,
 * by the address that the client connected to. Without either, no address is
 * guessed.
 */
function listenHost(
  { local, services }: ProxySession,
  addresses: Welcome["addresses"],
): string {
  const [first] = addresses?.keys() ?? [];
  const far = first ?? parseIpAddress(local.hostname);
  const { ipv4, ipv6 } = services.outgoing;
  const near = far === undefined
    ? ipv4 ?? ipv6
    : outgoingFor(services.outgoing, far);
  if (near !== undefined) return formatIpAddress(near);
  if (pathOf(local) === undefined) return local.hostname;
  throw new Refusal(
    "forbidden",
    "BIND needs an address to listen on, but the client came over a Unix socket; give one with --bind",
  );
}

function listen(hostname: string): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port: 0, tcpBacklog: BACKLOG });
  } catch (error) {
    throw dialFault(`Cannot listen on ${hostname}`, error);
  }
}
