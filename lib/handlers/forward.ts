/**
 * A relay to fixed upstreams, for one client.
 *
 * ```text
 * client                      sluice                       upstream
 *   | (with a pool: its first bytes) |                           |
 *   | ---------------------------> | -- borrow or connect ----> |
 *   | <======================= tunnel =======================> |
 *   | -- end of file ------------> | (reuse: keeps it for another)
 * ```
 *
 * @module
 */

import type { Borrowed, PoolMode } from "../net/pool.ts";
import type { TunnelResult } from "../net/tunnel.ts";
import type { ServerNames } from "./sni.ts";
import { requireAdmission } from "./open_target.ts";
import { Refusal } from "../policy/refusal.ts";
import { encodeProxyHeader, type ProxyVersion } from "./proxy_header.ts";
import { runTunnel } from "./run_tunnel.ts";
import type { CommonServices } from "./services.ts";
import type { Session } from "./session.ts";
import { dialledAddress, type UpstreamLease } from "./upstream.ts";
import type { Upstreams } from "./upstreams.ts";

/** What the relay works with. */
export interface ForwardServices extends CommonServices {
  /** Where connections go; `undefined` is nowhere but by server names. */
  upstreams: Upstreams | undefined;
  /** Where those go that ask for certain servers in TLS. */
  byServerName: ServerNames<Upstreams>;
  /** How connections come to be ready. */
  poolMode: PoolMode;
  /** Whether upstreams speak first, so that none may wait for the client. */
  serverSpeaksFirst: boolean;
  /** Milliseconds of silence after which a client's upstream is free again. */
  poolSettle: number;
  /** What tells upstreams who the client is. */
  sendProxy: ProxyVersion | undefined;
}

/** Parked connections that may turn out to have ended, for one client. */
const MOST_STALE = 64;

/**
 * Relays one client.
 *
 * @param session The client.
 * @returns How its tunnel ended.
 * @throws {Refusal} If limits or a drain forbid it.
 * @throws {DialError} If no upstream can be reached.
 */
export async function forward(
  session: Session<ForwardServices>,
): Promise<TunnelResult> {
  const { live, record, reader, services } = session;
  record.protocol = "tcp";
  reader.release();
  session.endHandshake();
  requireAdmission(session);
  // A pooled connection that has ended is only noticed when it is used: until
  // the client has said something, it needs none.
  const waits = services.poolMode !== "off" && !services.serverSpeaksFirst;
  const first = waits ? await firstBytes(session) : new Uint8Array();
  if (waits && first.length === 0) return endedAtOnce();
  live?.begin("dial");
  using lease = await leaseWith(session, first);
  live?.end();
  record.target = lease.upstream.name;
  record.address = dialledAddress(lease);
  const early = await writeEarly(session, lease.borrowed);
  live?.add(first.length, early);
  const { duplex } = lease.borrowed;
  const keepTarget = services.poolMode === "reuse"
    ? services.poolSettle
    : undefined;
  const result = await runTunnel(session, duplex, { keepTarget });
  if (result.isTargetKept) {
    duplex.pace = undefined; // It was this client's.
    lease.giveBack();
  }
  return {
    ...result,
    sent: result.sent + first.length,
    received: result.received + early,
  };
}

/** Borrows a connection that takes the client's first bytes. */
async function leaseWith(
  session: Session<ForwardServices>,
  first: Uint8Array,
): Promise<UpstreamLease> {
  const { context, remote, serverName, services } = session;
  const upstreams = upstreamsFor(session);
  const header = encodeProxyHeader(session, services.sendProxy, serverName);
  for (let stale = 0;; stale++) {
    const lease = await upstreams.lease(remote.hostname, context);
    try {
      await writeFirst(lease.borrowed, header);
      await writeFirst(lease.borrowed, first);
      return lease;
    } catch (error) {
      // It had ended, and has taken nothing: the client has lost no byte.
      const isStale = lease.borrowed.wasParked && stale < MOST_STALE;
      lease[Symbol.dispose]();
      if (!isStale || context.cancelled) throw error;
    }
  }
}

function upstreamsFor(
  { serverName, services }: Session<ForwardServices>,
): Upstreams {
  const upstreams = services.byServerName.find(serverName) ??
    services.upstreams;
  if (upstreams !== undefined) return upstreams;
  const what = serverName === undefined
    ? "clients that name no server"
    : `server name ${serverName}`;
  throw new Refusal("forbidden", `There is no upstream for ${what}`);
}

async function writeFirst(
  { duplex }: Borrowed,
  bytes: Uint8Array,
): Promise<void> {
  if (bytes.length === 0) return;
  const writer = duplex.writable.getWriter();
  try {
    await writer.write(bytes);
  } finally {
    writer.releaseLock();
  }
}

/** Waits until the client says something; nothing is its end of file. */
async function firstBytes(
  { client, context, draining, services }: Session<ForwardServices>,
): Promise<Uint8Array> {
  const limit = context.cancelAfter(services.timeouts.idle, "Idle time");
  const leaveDrain = draining.onCancel((reason) => context.cancel(reason));
  const reader = client.readable.getReader();
  try {
    const { value } = await reader.read();
    return value?.slice() ?? new Uint8Array(); // Its buffer is used again.
  } catch (error) {
    context.throwIfCancelled();
    throw error;
  } finally {
    reader.releaseLock();
    limit.clear();
    leaveDrain();
  }
}

/** Gives the client what the upstream has said before it was asked. */
async function writeEarly(
  { client }: Session<ForwardServices>,
  { early }: Borrowed,
): Promise<number> {
  let count = 0;
  for (const bytes of early) {
    await client.write(bytes);
    count += bytes.length;
  }
  return count;
}

/** It has said nothing, so there is nobody to tell that. */
function endedAtOnce(): TunnelResult {
  return { sent: 0, received: 0, endedFirst: "client", error: undefined };
}
