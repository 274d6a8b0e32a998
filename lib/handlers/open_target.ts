/**
 * From what a client asked for to a connection: the one way out, whatever the
 * client speaks.
 *
 * @module
 */

import { dial, type Dialled } from "../net/dial.ts";
import { DialError } from "../net/dial_error.ts";
import { resolve } from "../net/resolve.ts";
import { Refusal } from "../policy/refusal.ts";
import type { Host } from "../wire/host_name.ts";
import { formatHostPort } from "../wire/host_port.ts";
import { formatIpAddress, type IpAddress } from "../wire/ip_address.ts";
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
  const { context, draining, record, services } = session;
  record.target = formatHostPort(host, port);
  session.admit();
  if (draining.cancelled) {
    throw new Refusal("draining", "Sluice is shutting down");
  }
  if (port === 0) {
    throw new DialError("failed", `Cannot reach ${record.target}: port is 0`);
  }
  const addresses = typeof host === "string"
    ? await resolve(host, context)
    : [host];
  const dialled = await dial(
    allowed(addresses, services.refuseAddress),
    port,
    context,
    { timeout: services.timeouts.connect },
  );
  record.address = formatHostPort(dialled.address, port);
  return dialled;
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
