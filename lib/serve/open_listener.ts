/**
 * Opens listeners, with errors that tell what to do.
 *
 * @module
 */

import { BACKLOG } from "../net/system/backlog.ts";
import { errorCode } from "../observe/error_code.ts";
import { explainError } from "../observe/explain_error.ts";
import type { Listener } from "../net/listen.ts";
import { listenUnix } from "../net/unix_listener.ts";
import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import { explainFile } from "../cli/file_error.ts";
import { inheritedListener } from "./inherited_listener.ts";
import { StartError } from "../cli/usage_error.ts";

/**
 * Listens on an address.
 *
 * @param where Host and port. An empty host means all addresses: IPv6 too if
 *   the machine has it. Port 0 takes a free port.
 * @param backlog Most connections that the system queues, within its own limit
 *   (default 4,096).
 * @returns The listener; the caller closes it.
 * @throws {StartError} If the address cannot be bound, with the reason.
 */
export function openListener(
  where: HostPort,
  backlog: number = BACKLOG,
): Deno.TcpListener {
  const { host, port } = where;
  try {
    const options = { port, tcpBacklog: backlog };
    if (host !== "") return Deno.listen({ hostname: host, ...options });
    return listenOnAll(options);
  } catch (error) {
    const at = formatHostPort(host, port);
    throw new StartError(`Cannot listen on ${at}: ${explain(error, where)}`, {
      cause: error,
    });
  }
}

/**
 * Listens on an address or a Unix socket. If the service manager has opened a
 * listener for that address, Sluice uses it.
 *
 * @param backlog Most queued connections (default 4,096). Listeners of the
 *   service manager keep their own limit, and Unix sockets have Deno's limit of
 *   1,024.
 * @returns The listener; the caller closes it.
 * @throws {StartError} If the address cannot be bound, with the reason.
 */
export async function openEndpoint(
  where: Endpoint,
  backlog: number = BACKLOG,
): Promise<Listener> {
  if (!isUnixPath(where)) {
    return await inheritedListener(where) ?? openListener(where, backlog);
  }
  try {
    return await listenUnix(where.path, where.mode);
  } catch (error) {
    const why = explainPath(where.path, error);
    throw new StartError(`Cannot listen on ${formatEndpoint(where)}: ${why}`, {
      cause: error,
    });
  }
}

function explainPath(path: string, error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "another program listens there, or the file is not a socket";
  }
  if (error instanceof Deno.errors.NotCapable) {
    return "Deno was not given the permission; start it with --allow-net, and --allow-read and --allow-write of the folder";
  }
  return explainFile(path, error, "write");
}

/** `[::]` also accepts IPv4, except on a machine without IPv6. */
function listenOnAll(
  options: { port: number; tcpBacklog: number },
): Deno.TcpListener {
  try {
    return Deno.listen({ hostname: "::", ...options });
  } catch (error) {
    const withoutIpv6 = error instanceof Deno.errors.AddrNotAvailable ||
      errorCode(error) === "EAFNOSUPPORT";
    if (!withoutIpv6) throw error;
    return Deno.listen({ hostname: "0.0.0.0", ...options });
  }
}

function explain(error: unknown, { host, port }: HostPort): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "the port is in use; stop what uses it, or choose another";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `port ${port} is privileged; choose one from 1024, or give the right to bind it (CAP_NET_BIND_SERVICE)`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `${host} is not an address of this machine`;
  }
  if (error instanceof Deno.errors.NotCapable) {
    return `Deno was not given the permission; start it with --allow-net`;
  }
  if (errorCode(error) !== undefined) return explainError(error);
  // Deno reports an unresolved name as a plain error without a code.
  return `'${host}' is not an address or name of this machine`;
}
