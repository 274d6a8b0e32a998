/**
 * Opens the connection for a client's request. All client protocols use it.
 *
 * @module
 */

import type { Connection } from "../../net/connection.ts";
import { dial } from "../../net/dial.ts";
import { DialError } from "../../net/dial_error.ts";
import { Duplex } from "../../net/duplex.ts";
import { ownListeners } from "../../net/own_listeners.ts";
import type { TunnelResult } from "../../net/tunnel.ts";
import { requirePossible } from "../../net/names/resolver.ts";
import { formatAddr } from "../../net/unix_socket.ts";
import type { Verdict } from "../../policy/rules/rules.ts";
import type { Destination } from "../../wire/host_name.ts";
import { formatHostPort } from "../../wire/host_port.ts";
import type { IpAddress } from "../../wire/ip_address.ts";
import {
  type AllowedAddresses,
  decide,
  type Decision,
  type Wish,
} from "./decide.ts";
import { askAuthorize, askDial } from "./ask_hooks.ts";
import { dialElsewhere } from "./loops.ts";
import type { ParentGroup, WholeRequest } from "./parents.ts";
import { encodeProxyHeader } from "../proxy_header.ts";
import type { OpenedTarget } from "./opened_target.ts";
import { type LastPart, runTunnel } from "../run_tunnel.ts";
import type { ProxySession } from "../proxy_services.ts";

/** Options for {@linkcode openTarget}. */
export interface OpenOptions {
  /** The rules' answers (default: from {@linkcode decide}). */
  readonly decision?: Decision;
  /** The HTTP request, if a parent may receive it whole (default: a tunnel). */
  readonly request?: WholeRequest | undefined;
}

/** An allowed target. */
interface Allowed extends Destination {
  readonly verdict: Verdict;
}

/** Encodes a success reply with the local address of the connection. */
export type EncodeBound = (addr: Deno.NetAddr) => Uint8Array;

/**
 * Serves CONNECT for any client protocol: opens the target and answers.
 *
 * @param session The client, with its request read and its reader released. It
 *   closes the target.
 * @param to The target.
 * @param encodeBound Encodes the reply.
 * @returns Runs the tunnel; or the result, if it ended before the client sent
 *   anything.
 * @throws What {@linkcode openTarget} throws.
 */
export async function connectTarget(
  session: ProxySession,
  to: Omit<Wish, "command">,
  encodeBound: EncodeBound,
): Promise<TunnelResult | LastPart> {
  const { host, isFixed = false, port } = to;
  const wish = { ...to, command: "connect" } as const;
  const decision = decide(session, wish);
  const asking = askAuthorize(session, wish);
  if (asking !== undefined) await asking;
  const opened = await openTarget(session, wish, { decision });
  const { connection, duplex } = opened;
  try {
    await session.answer(encodeBound(connection.localAddr));
  } catch (error) {
    connection.close();
    throw error;
  }
  session.target = connection;
  const { names } = session.services;
  if (names === undefined) return () => runTunnel(session, duplex);
  const decideAs = (name: string, ip: IpAddress | undefined) =>
    decision.about(name, port).of(ip);
  const noteHidden = () => decision.noteHidden();
  const tunnel = { host, port, isFixed, opened, decideAs, noteHidden };
  return await names.check(session, tunnel);
}

/**
 * Opens the connection for a request. A parent receives a name only if no rule
 * or guard depends on its addresses. Otherwise Sluice resolves the name and
 * dials only allowed addresses.
 *
 * @param session The client.
 * @param wish The request.
 * @param options The decision, and the whole request.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} If a limit, a rule or a drain forbids it.
 * @throws {DialError} If it can't be reached.
 */
export async function openTarget(
  session: ProxySession,
  wish: Wish,
  { decision = decide(session, wish), request }: OpenOptions = {},
): Promise<OpenedTarget> {
  const { record, services: { sendProxy } } = session;
  const { host, port } = wish;
  const admission = session.requireAdmission();
  if (admission !== undefined) await admission;
  if (port === 0) {
    throw new DialError("failed", `Cannot reach ${record.target}: port is 0`);
  }
  // A parent would take the PROXY header for a request.
  const whole = sendProxy === undefined ? request : undefined;
  const opened = await openAllowed(decision, wish, whole);
  closingOnFailure(opened, () => decision.settle(opened.address));
  const authority = typeof host === "string" ? host : undefined;
  const header = encodeProxyHeader(session, sendProxy, authority);
  if (header.length > 0) await writeHeader(opened, header);
  return opened;
}

async function openAllowed(
  decision: Decision,
  { command, host, port }: Wish,
  request: WholeRequest | undefined,
): Promise<OpenedTarget> {
  const { live, services: { hooks, parents } } = decision.session;
  live?.begin("rule");
  const named = decision.requireName();
  if (hooks?.dial !== undefined) {
    const opened = await openByHook(decision, { command, host, port }, named);
    if (opened !== undefined) return opened;
  }
  if (typeof host === "string" && named !== undefined) {
    const group = parents?.find(named.via);
    if (group !== undefined) {
      requirePossible(host);
      const allowed = { host, port, verdict: named };
      return await openThrough(decision, group, allowed, request);
    }
  }
  const found = await decision.resolve(host);
  const [[first, verdict]] = [...found.verdicts] as [[IpAddress, Verdict]];
  const group = parents?.find(verdict.via);
  if (group === undefined) return await openDirect(decision, found, port);
  const allowed = { host: first, port, verdict };
  // A whole request names its host, which the parent would resolve again.
  const whole = typeof host === "string" ? undefined : request;
  return await openThrough(decision, group, allowed, whole);
}

/** The hook receives only allowed addresses. */
async function openByHook(
  decision: Decision,
  wish: Wish,
  named: Verdict | undefined,
): Promise<OpenedTarget | undefined> {
  const found = named === undefined
    ? await decision.resolve(wish.host)
    : undefined;
  const allowed = found?.verdicts.keys();
  const opened = await askDial(decision.session, wish, allowed);
  if (opened === undefined) return undefined;
  const [first] = found?.verdicts ?? [];
  const verdict = named ?? first![1];
  decision.note(verdict);
  return { ...opened, address: first?.[0], verdict, relay: undefined };
}

async function openThrough(
  decision: Decision,
  group: ParentGroup,
  { host, port, verdict }: Allowed,
  request: WholeRequest | undefined,
): Promise<OpenedTarget> {
  const { context, live, record, remote, trail } = decision.session;
  const client = { client: remote.hostname, context, trail };
  live?.begin("dial");
  const through = await group.dial({ host, port }, client, request);
  const { connection, duplex, relay, way } = through;
  live?.end();
  record.address = formatAddr(connection.remoteAddr);
  record.via = way;
  decision.note(verdict);
  const address = typeof host === "string" ? undefined : host;
  return { connection, duplex, address, verdict, relay };
}

async function openDirect(
  decision: Decision,
  { late, verdicts }: AllowedAddresses,
  port: number,
): Promise<OpenedTarget> {
  const { context, live, record, services, trail } = decision.session;
  const { outgoing, parents, timeouts } = services;
  const isDirect = (ip: IpAddress) =>
    parents?.find(verdicts.get(ip)!.via) === undefined;
  const direct = [...verdicts.keys()].filter(isDirect);
  live?.begin("dial");
  const dialOn = ownListeners.hasPort(port) ? dialElsewhere : dial;
  const { connection, address } = await dialOn(direct, port, context, {
    timeout: timeouts.connect,
    outgoing,
    trail,
    late: late?.then((more) => more.filter(isDirect)),
  });
  live?.end();
  if (services.isGuarded) requireElsewhere(decision, connection, address);
  record.address = formatHostPort(address, port);
  const verdict = verdicts.get(address)!;
  decision.note(verdict);
  const duplex = new Duplex(connection);
  return { connection, duplex, address, verdict, relay: undefined };
}

/**
 * The last check of the guard before a byte is sent. If the dialled address is
 * this machine's own, Linux uses the same address as the source.
 */
function requireElsewhere(
  decision: Decision,
  connection: Connection,
  address: IpAddress,
): void {
  const { localAddr, remoteAddr } = connection;
  if (localAddr.hostname !== remoteAddr.hostname) return;
  closingOnFailure({ connection }, () => decision.requireHere(address));
}

function closingOnFailure(
  { connection }: Pick<OpenedTarget, "connection">,
  check: () => void,
): void {
  try {
    check();
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function writeHeader(
  { connection, duplex }: OpenedTarget,
  header: Uint8Array,
): Promise<void> {
  try {
    await duplex.write(header);
  } catch (error) {
    connection.close();
    throw new DialError("refused", "Target closed before the PROXY header", {
      cause: error,
    });
  }
}
