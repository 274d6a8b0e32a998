/**
 * From what a client asked for to a connection: the one way out, whatever the
 * client speaks.
 *
 * @module
 */

import { dial, type Dialled } from "../net/dial.ts";
import { DialError } from "../net/dial_error.ts";
import { Refusal } from "../policy/refusal.ts";
import type { Host } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip_address.ts";
import type { CommonServices } from "./services.ts";
import type { Session } from "./session.ts";

/**
 * Opens the connection that a client asked for. Addresses are checked after
 * resolving, and the ones that were checked are the ones dialled: a name that
 * answers differently the second time (DNS rebinding) gains nothing.
 *
 * @param session The client.
 * @param host Name or address it asked for.
 * @param port Port, 0 to 65535.
 * @returns The connection; the caller closes it.
 * @throws {Refusal} If limits, rules or a drain forbid it.
 * @throws {DialError} If it can't be reached.
 */
export async function openTarget(
  session: Session,
  host: Host,
  port: number,
): Promise<Dialled> {
  const { context, record, services } = session;
  beginTarget(session, host, port);
  if (port === 0) {
    throw new DialError("failed", `Cannot reach ${record.target}: port is 0`);
  }
  const dialled = await dial(
    await resolveAllowed(session, host),
    port,
    context,
    { timeout: services.timeouts.connect, outgoing: services.outgoing },
  );
  record.address = formatHostPort(dialled.address, port);
  return dialled;
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
  session.record.target = formatHostPort(host, port);
  requireAdmission(session);
}

/**
 * Refuses to begin work for a client that is over a limit, or in a drain.
 *
 * @param session The client.
 * @throws {Refusal} `limit reached` or `draining`.
 */
export function requireAdmission(session: Session<CommonServices>): void {
  session.admit();
  if (session.draining.cancelled) {
    throw new Refusal("draining", "Sluice is shutting down");
  }
}

/**
 * Resolves a host to the addresses of it that may be reached.
 *
 * @param session The client.
 * @param host Name or address it asked for.
 * @returns One address at least.
 * @throws {Refusal} `forbidden`, where all of them must not be reached.
 * @throws {DialError} If it can't be resolved.
 */
export async function resolveAllowed(
  { context, services }: Session,
  host: Host,
): Promise<IpAddress[]> {
  const addresses = await services.resolver.resolve(host, context);
  return allowed(addresses, services.refuseAddress);
}

/** Leaves out what must not be reached; refuses where nothing is left. */
function allowed(
  addresses: IpAddress[],
  refuse: (ip: IpAddress) => string | undefined,
): IpAddress[] {
  const left = addresses.filter((ip) => refuse(ip) === undefined);
  if (left.length > 0) return left;
  const [first] = addresses;
  throw new Refusal(
    "forbidden",
    `Address ${formatIpAddress(first!)} is ${refuse(first!)}`,
  );
}
