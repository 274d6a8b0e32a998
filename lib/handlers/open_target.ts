/**
 * From what a client asked for to a connection: the one way out, whatever the
 * client speaks.
 *
 * @module
 */

import type { Connection } from "../net/connection.ts";
import type { Dialled } from "../net/dial.ts";
import { DialError } from "../net/dial_error.ts";
import { Duplex } from "../net/duplex.ts";
import { requirePossible } from "../net/resolver.ts";
import { formatAddr } from "../net/unix_socket.ts";
import type { RuleCommand } from "../policy/rule_question.ts";
import type { Verdict } from "../policy/rules.ts";
import type { Host } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import {
  aboutThisMachine,
  type AllowedAddresses,
  noteRule,
  questionOf,
  requireAddress,
  requireName,
  type Wish,
} from "./ask_rules.ts";
import { dialOn } from "./loops.ts";
import type { ParentGroup, Relay, WholeRequest } from "./parents.ts";
import { encodeProxyHeader } from "./proxy_header.ts";
import type { CommonServices } from "./services.ts";
import type { Session } from "./session.ts";

/** Characters of a name in the record: all that SOCKS5 can send. */
const MOST_NAME = 255;

/** A connection to a target. */
export interface OpenedTarget {
  /** The connection itself; closing it is all that is to be done with it. */
  readonly connection: Connection;
  /** Its streams, at the target's first byte. */
  readonly duplex: Duplex;
  /** What was dialled; `undefined` where a parent has resolved the name. */
  readonly address: IpAddress | undefined;
  /** What the rule that allowed it says of parents. */
  readonly via: string | undefined;
  /** The parent that it ends at; `undefined` if it leads to the target. */
  readonly relay: Relay | undefined;
}

/** What a connection to a target is for. */
export interface OpenOptions {
  /** What the client asked for (default `connect`). */
  readonly command?: RuleCommand;
  /** The request, if a parent may get it whole (default: it needs a tunnel). */
  readonly request?: WholeRequest | undefined;
}

/** What a client asked for, as far as it is known. */
interface TargetWish extends Wish {
  readonly host: Host;
  readonly request: WholeRequest | undefined;
}

/**
 * Opens the connection that a client asked for. Addresses are checked after
 * resolving, and the ones that were checked are the ones dialled: a name that
 * answers differently the second time (DNS rebinding) gains nothing. A parent
 * gets a name only where no rule or guard depends on its addresses.
 *
 * @param session The client.
 * @param host Name or address it asked for.
 * @param port Port, 0 to 65535.
 * @param options What the connection is for.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} If limits, rules or a drain forbid it.
 * @throws {DialError} If it can't be reached.
 */
export async function openTarget(
  session: Session,
  host: Host,
  port: number,
  { command = "connect", request }: OpenOptions = {},
): Promise<OpenedTarget> {
  const { record, services } = session;
  beginTarget(session, host, port);
  if (port === 0) {
    throw new DialError("failed", `Cannot reach ${record.target}: port is 0`);
  }
  const opened = await openAllowed(session, {
    command,
    host,
    port,
    // The parent would take the PROXY header for a request.
    request: services.sendProxy === undefined ? request : undefined,
  });
  const authority = typeof host === "string" ? host : undefined;
  const header = encodeProxyHeader(session, services.sendProxy, authority);
  if (header.length > 0) await writeHeader(opened, header);
  return opened;
}

async function openAllowed(
  session: Session,
  wish: TargetWish,
): Promise<OpenedTarget> {
  const { host } = wish;
  const { parents } = session.services;
  if (parents !== undefined && typeof host === "string") {
    session.live?.begin("rule");
    const question = questionOf(session, wish);
    const verdict = requireName(session, question);
    const group = verdict && parents.find(verdict.via);
    if (group !== undefined) {
      requirePossible(host);
      return await openThrough(session, group, { ...wish, verdict: verdict! });
    }
  }
  const allowed = await resolveAllowed(session, wish);
  const [[address, verdict]] = [...allowed.verdicts] as [[IpAddress, Verdict]];
  const group = parents?.find(verdict.via);
  if (group === undefined) return await openDirect(session, allowed, wish);
  // A whole request goes to a name: the one that was resolved here is lost in it.
  const request = typeof host === "string" ? undefined : wish.request;
  const checked = { ...wish, host: address, request, verdict };
  return await openThrough(session, group, checked);
}

async function openThrough(
  session: Session,
  group: ParentGroup,
  { host, port, request, verdict }: TargetWish & { verdict: Verdict },
): Promise<OpenedTarget> {
  const { context, live, record, remote, trail } = session;
  const client = { client: remote.hostname, context, trail };
  live?.begin("dial");
  const through = await group.dial({ host, port }, client, request);
  const { connection, duplex, relay, way } = through;
  live?.end();
  record.address = formatAddr(connection.remoteAddr);
  record.via = way;
  noteRule(session, verdict);
  const address = typeof host === "string" ? undefined : host;
  return { connection, duplex, address, via: verdict.via, relay };
}

async function openDirect(
  session: Session,
  { late, verdicts }: AllowedAddresses,
  wish: Wish,
): Promise<OpenedTarget> {
  const { context, live, record, services } = session;
  const { outgoing, parents, timeouts } = services;
  const { port } = wish;
  const isDirect = (ip: IpAddress) =>
    parents?.find(verdicts.get(ip)!.via) === undefined;
  const direct = [...verdicts.keys()].filter(isDirect);
  live?.begin("dial");
  const to = { addresses: direct, port };
  const { connection, address } = await dialOn(to, context, {
    timeout: timeouts.connect,
    outgoing,
    trail: session.trail,
    late: late?.then((more) => more.filter(isDirect)),
  });
  live?.end();
  if (services.isGuarded && leadsHere(connection)) {
    await requireOwnAllowed(session, wish, { address, connection });
  }
  record.address = formatHostPort(address, port);
  const verdict = verdicts.get(address)!;
  noteRule(session, verdict);
  const duplex = new Duplex(connection);
  return { connection, duplex, address, via: verdict.via, relay: undefined };
}

/** Linux leaves from the very address that is dialled where that is its own. */
function leadsHere({ localAddr, remoteAddr }: Connection): boolean {
  return localAddr.hostname === remoteAddr.hostname;
}

/** The last look of the guard; nothing has been sent by then. */
async function requireOwnAllowed(
  session: Session,
  wish: Wish,
  { address, connection }: Dialled,
): Promise<void> {
  const question = aboutThisMachine(questionOf(session, wish));
  try {
    await requireAddress(session, question, {
      addresses: [address],
      late: undefined,
    });
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

/**
 * Records what a client asked for, before anything is done about it.
 *
 * @param session The client.
 * @param host Name or address it asked for.
 * @param port Port, 0 to 65535.
 * @throws {Refusal} If limits or a drain forbid it.
 */
export function beginTarget(session: Session, host: Host, port: number): void {
  session.record.target = formatTarget(host, port);
  requireAdmission(session);
}

/**
 * Formats a target for the record. A name that cannot exist may be as long as
 * the start line of a request: of such a one the beginning is enough.
 *
 * @param host Name or address.
 * @param port Port, 0 to 65535.
 * @returns For example `example.com:443`.
 */
export function formatTarget(host: Host, port: number): string {
  const isLong = typeof host === "string" && host.length > MOST_NAME;
  const shown = isLong ? `${host.slice(0, MOST_NAME)}…` : host;
  return formatHostPort(shown, port);
}

/**
 * Refuses to begin work for a client that is over a limit, or in a drain.
 *
 * @param session The client.
 * @throws {Refusal} `limit reached` or `draining`.
 */
export function requireAdmission(session: Session<CommonServices>): void {
  session.admit();
  session.requireNoDrain();
}

/**
 * Resolves a host to the addresses of it that may be reached. Names are judged
 * before, so that nobody is told of one that is denied, and addresses after.
 *
 * @param session The client.
 * @param wish What it asked for.
 * @returns One address at least, and which rule allows it. Those that a name
 *   server is late with are judged when they come.
 * @throws {Refusal} `forbidden`, where none may be reached.
 * @throws {DialError} If it can't be resolved.
 */
export async function resolveAllowed(
  session: Session,
  wish: Wish & { host: Host },
): Promise<AllowedAddresses> {
  const { context, live, services } = session;
  const question = questionOf(session, wish);
  live?.begin("rule");
  requireName(session, question);
  live?.begin("resolve");
  const found = await services.resolver.find(wish.host, context);
  live?.begin("rule");
  const allowed = await requireAddress(session, question, found);
  live?.end();
  return allowed;
}
