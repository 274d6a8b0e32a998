/**
 * Listeners that the service manager has opened (sd_listen_fds(3)). A restart
 * then refuses no client: new clients wait in the socket, which the manager
 * keeps open. Without such listeners, no module is imported.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import type { Listener } from "../net/listen.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { environmentVariable } from "../cli/environment.ts";
import { StartError } from "../cli/usage_error.ts";

/** The first descriptor that is handed over (SD_LISTEN_FDS_START). */
const FIRST = 3;

/** Most sockets that are handed over. */
const MOST = 1_000;

/** A socket that was handed over. */
interface Inherited {
  descriptor: number;
  /** For messages: `127.0.0.1:1080 (sluice.socket)`. */
  name: string;
  /** Its address; `undefined` if it is not a listening TCP socket. */
  addr: Deno.NetAddr | undefined;
  isTaken: boolean;
}

let all: Promise<Inherited[]> | undefined;
let isKept = false;

/** Keeps the taken sockets open for the other threads of this process. */
export function shareInherited(): void {
  isKept = true;
}

/**
 * Takes the inherited listener for an address, if the service manager opened
 * one.
 *
 * @param where Host and port; an empty host means all addresses. A host name
 *   matches no listener.
 * @returns The listener, which the caller closes; `undefined` if none has that
 *   address.
 * @throws {StartError} If it can't be taken over.
 */
export async function inheritedListener(
  where: HostPort,
): Promise<Listener | undefined> {
  if (!isForUs()) return undefined;
  const found = (await (all ??= look())).find(({ addr, isTaken }) =>
    !isTaken && addr !== undefined && isSame(addr, where)
  );
  if (found === undefined) return undefined;
  const { adoptListener } = await import("../net/system/adopt_listener.ts");
  found.isTaken = true;
  return explained(
    found.name,
    () => adoptListener(found.descriptor, { isKept }),
  );
}

/**
 * Checks that every inherited socket is in use. Otherwise clients would connect
 * to it and never get an answer.
 *
 * @throws {StartError} If a socket is not in use.
 */
export async function requireInheritedTaken(): Promise<void> {
  if (!isForUs()) return;
  const left = (await (all ??= look())).find(({ isTaken }) => !isTaken);
  if (left === undefined) return;
  throw new StartError(
    left.addr === undefined
      ? `Cannot use the inherited socket ${left.name}: it is not a listening TCP socket`
      : `Cannot use the inherited socket ${left.name}: no listener uses its address; name it, for example with --listen ${
        formatHostPort(left.addr.hostname, left.addr.port)
      }`,
  );
}

/** Whether the variables are for this process, and not for its parent. */
function isForUs(): boolean {
  return environmentVariable("LISTEN_PID") === String(Deno.pid);
}

async function look(): Promise<Inherited[]> {
  const count = Number(environmentVariable("LISTEN_FDS") ?? 0);
  if (!Number.isInteger(count) || count < 0 || count > MOST) {
    throw new StartError(
      `Cannot take inherited sockets: LISTEN_FDS is not a number up to ${MOST}`,
    );
  }
  const names = environmentVariable("LISTEN_FDNAMES")?.split(":") ?? [];
  const { listeningAddress } = await import("../net/system/adopt_listener.ts");
  return Array.from({ length: count }, (_, index) => {
    const descriptor = FIRST + index;
    const given = names[index] || String(descriptor);
    const addr = explained(given, () => listeningAddress(descriptor));
    const name = addr === undefined
      ? given
      : `${formatHostPort(addr.hostname, addr.port)} (${given})`;
    return { descriptor, name, addr, isTaken: false };
  });
}

function isSame(addr: Deno.NetAddr, { host, port }: HostPort): boolean {
  if (addr.port !== port) return false;
  const ip = parseIpAddress(addr.hostname)!;
  if (host === "") return ip.every((byte) => byte === 0);
  const asked = parseIpAddress(host);
  return asked?.length === ip.length &&
    ip.every((byte, index) => byte === asked[index]);
}

function explained<T>(name: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const why = cause instanceof Deno.errors.NotCapable
      ? "Deno was not given the permission; start it with -A"
      : describeError(cause);
    throw new StartError(`Cannot use the inherited socket ${name}: ${why}`, {
      cause,
    });
  }
}
