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

import { DialError } from "../net/dial_error.ts";
import type { Borrowed, PoolMode } from "../net/pool/pool.ts";
import type { End, TunnelResult } from "../net/tunnel.ts";
import type { ServerNames } from "./sni.ts";
import { Refusal } from "../policy/limits/refusal.ts";
import { encodeProxyHeader, type ProxyVersion } from "../serve/proxy_header.ts";
import { runTunnel } from "../serve/run_tunnel.ts";
import type { Session } from "../serve/session.ts";
import { requireAllowed, type RuledServices } from "./rules.ts";
import { dialledAddress, type UpstreamLease } from "./upstream.ts";
import type { Upstreams } from "./upstreams.ts";

const NOTHING = new Uint8Array();

/** Services of the relay. */
export interface ForwardServices extends RuledServices {
  /** Upstreams; `undefined` if only server names lead anywhere. */
  upstreams: Upstreams | undefined;
  /** Upstreams by TLS server name. */
  byServerName: ServerNames<Upstreams>;
  /** How the pool gets its connections. */
  poolMode: PoolMode;
  /** Whether upstreams send first, so a client must get one immediately. */
  serverSpeaksFirst: boolean;
  /**
   * Milliseconds of silence after which a client's upstream is free for
   * another.
   */
  poolSettle: number;
  /** PROXY header that sends the client's address to upstreams. */
  sendProxy: ProxyVersion | undefined;
}

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
  const { context, live, record, reader, services } = session;
  record.protocol = "tcp";
  reader.release();
  session.endHandshake();
  const admission = session.requireAdmission();
  if (admission !== undefined) await admission;
  requireAllowed(session);
  // A pooled connection may turn out to be closed only when it is used. The
  // client needs none before it has sent something.
  const waits = services.poolMode !== "off" && !services.serverSpeaksFirst;
  let first: Uint8Array = NOTHING;
  try {
    if (waits) first = await firstBytes(session);
  } catch (error) {
    return endedAtOnce(error, context.cancelled ? undefined : "client");
  }
  if (waits && first.length === 0) return endedAtOnce(undefined, "client");
  live?.begin("dial");
  using lease = await leaseFor(session, { first });
  live?.end();
  return await relay(session, lease, first);
}

/**
 * Joins a client and the connection taken for it.
 *
 * @param session The client.
 * @param lease The connection; kept for another client in mode `reuse`.
 * @param first The client's first bytes, already sent (default none).
 * @returns How its tunnel ended.
 */
export async function relay(
  session: Session<ForwardServices>,
  lease: UpstreamLease,
  first: Uint8Array = NOTHING,
): Promise<TunnelResult> {
  const { live, record, services } = session;
  record.address = dialledAddress(lease);
  live?.add(first.length, 0);
  const { duplex } = lease.borrowed;
  // Pooled connections have the trail of an ordinary client.
  const isOrdinary = session.trail === services.trail;
  const keepTarget = services.poolMode === "reuse" && isOrdinary
    ? services.poolSettle
    : undefined;
  const result = await runTunnel(session, duplex, { keepTarget });
  if (result.isTargetKept) {
    duplex.pace = undefined; // It was used by this client.
    lease.giveBack();
  }
  return { ...result, sent: result.sent + first.length };
}

/** What a connection is needed for. */
export interface LeaseWish {
  /** The client's first bytes, to be sent (default none). */
  first?: Uint8Array;
  /** Protocols to offer by ALPN (default: the client's). */
  protocols?: readonly string[];
}

/**
 * Borrows a connection for a client and sends its first bytes.
 *
 * @param session The client.
 * @param wish What it is needed for.
 * @returns The connection; the caller disposes of it.
 * @throws {Refusal} If this client has no upstream.
 * @throws {DialError} If none can be reached.
 */
export async function leaseFor(
  session: Session<ForwardServices>,
  { first = NOTHING, protocols = agreedBy(session) }: LeaseWish,
): Promise<UpstreamLease> {
  const { context, record, remote, serverName, services } = session;
  const upstreams = upstreamsFor(session);
  const options = {
    client: remote.hostname,
    header: encodeProxyHeader(session, services.sendProxy, serverName),
    protocols,
    trail: session.trail === services.trail ? undefined : session.trail,
  };
  for (let fresh = options.trail !== undefined;; fresh = true) {
    const lease = await upstreams.lease(context, { ...options, fresh });
    record.target = lease.upstream.name;
    try {
      await writeFirst(session, lease.borrowed, first);
      return lease;
    } catch (error) {
      lease[Symbol.dispose]();
      context.throwIfCancelled();
      // It had ended and taken nothing: the client has lost no byte.
      if (lease.borrowed.wasParked) continue;
      throw new DialError(
        "refused",
        `Cannot reach ${record.target}: it closed the connection immediately`,
        { cause: error },
      );
    }
  }
}

function agreedBy({ protocol }: Session<ForwardServices>): readonly string[] {
  return protocol === undefined ? [] : [protocol];
}

/**
 * Finds the upstreams of a client.
 *
 * @param session The client, with its server name if it has sent one.
 * @throws {Refusal} If it has none.
 */
export function upstreamsFor(
  { serverName, services }: Session<ForwardServices>,
): Upstreams {
  const upstreams = services.byServerName.find(serverName) ??
    services.upstreams;
  if (upstreams !== undefined) return upstreams;
  const what = serverName === undefined
    ? "clients that name no server"
    : `server name ${serverName}`;
  throw new Refusal("forbidden", `No upstream serves ${what}`);
}

/** Writes them with a time limit, because an upstream may accept none. */
async function writeFirst(
  { context, services }: Session<ForwardServices>,
  { duplex }: Borrowed,
  bytes: Uint8Array,
): Promise<void> {
  if (bytes.length === 0) return;
  const limit = context.cancelAfter(services.timeouts.idle, "Idle time");
  const unregister = context.onCancel(() => duplex.close());
  try {
    await duplex.send(bytes);
  } finally {
    unregister();
    limit.clear();
  }
}

/** Waits for the client's first bytes; none at end of file. */
async function firstBytes(
  { context, draining, reader, services }: Session<ForwardServices>,
): Promise<Uint8Array> {
  const limit = context.cancelAfter(services.timeouts.idle, "Idle time");
  const leaveDrain = draining.onCancel((reason) => context.cancel(reason));
  try {
    const bytes = await reader.readSome();
    return bytes ?? new Uint8Array();
  } catch (error) {
    context.throwIfCancelled();
    throw error;
  } finally {
    limit.clear();
    leaveDrain();
    reader.release();
  }
}

/** The client has sent nothing, so no upstream was needed. */
function endedAtOnce(error: unknown, end: End | undefined): TunnelResult {
  const failed = error !== undefined && end !== undefined;
  return {
    sent: 0,
    received: 0,
    endedFirst: end,
    error,
    ...failed ? { failed: end } : {},
  };
}
