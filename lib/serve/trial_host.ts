/**
 * Where a server is started on trial: it gets listeners that nobody can reach,
 * and what forbids its start is noted.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import type { Listener } from "../net/listen.ts";
import { type Endpoint, formatEndpoint, isUnixPath } from "../wire/endpoint.ts";
import { formatHostPort, type HostPort } from "../wire/host_port.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import { fileFault } from "../cli/file_error.ts";
import { folderOf } from "../cli/folder_of.ts";
import { openListener } from "./open_listener.ts";
import type { ServerFiles } from "./server_files.ts";
import type { OpenEndpoint, ServerHost } from "./server_host.ts";
import { concerning, StartError } from "../cli/usage_error.ts";
import type { ThreadInfo } from "./worker_share.ts";
import { requireShareable } from "./worker_socket.ts";

/** A place that a server wants to listen on. */
export interface Claim {
  /** What was asked for. */
  where: Endpoint;
  /** The address that would be bound, with the port asked for. */
  addr: Deno.NetAddr;
  /** The option that names it. */
  option: string;
}

/** Options for {@linkcode TrialHost}. */
export interface TrialHostOptions {
  /** Threads that the server is to run in (default 1). */
  workers?: number;
  /** Opens its files (default: each is read). */
  files?: ServerFiles;
  /** Takes what there is to log (default: nothing is logged). */
  log?: ServerHost["log"];
}

/** A program for trials. */
export class TrialHost implements ServerHost {
  readonly isTrial = true;
  readonly log: ServerHost["log"];
  /** The first of several threads, where there are to be any. */
  readonly thread: ThreadInfo | undefined;
  readonly files: ServerFiles | undefined;
  /** Where the server wants to listen. */
  readonly claims: Claim[] = [];
  /** What forbids its start. */
  readonly refusals: unknown[] = [];

  /**
   * Makes a program with nothing in it.
   *
   * @param options What the server is given.
   */
  constructor({ files, log = () => {}, workers = 1 }: TrialHostOptions = {}) {
    this.files = files;
    this.log = log;
    this.thread = workers > 1 ? { index: 0, count: workers } : undefined;
  }

  /**
   * Makes a listener that accepts nothing.
   *
   * @param where Where the server wants to listen.
   * @param _open Not needed.
   * @param _backlog Not needed.
   * @param option The option that names it (default `listen`).
   * @returns The listener; it holds nothing.
   * @throws {StartError} If there can never be one, even if nothing else listens there.
   */
  async open(
    where: Endpoint,
    _open?: OpenEndpoint,
    _backlog?: number,
    option = "listen",
  ): Promise<Listener> {
    try {
      await concerning(option, () => {
        if (this.thread !== undefined) requireShareable(where);
      });
    } catch (error) {
      this.refuse(error);
    }
    const addr = isUnixPath(where)
      ? await unixAddr(where.path)
      : boundAddr(where);
    this.claims.push({ where, addr, option });
    const { promise } = Promise.withResolvers<never>();
    return { addr, accept: () => promise, [Symbol.dispose]() {} };
  }

  /**
   * Notes what forbids the start.
   *
   * @param error What forbids it.
   */
  refuse(error: unknown): void {
    this.refusals.push(error);
  }

  /**
   * Makes what would be kept.
   *
   * @typeParam T What it is.
   * @param _what Its name.
   * @returns It.
   */
  keep<T extends object>(_what: string, _settings: unknown, make: () => T): T {
    return make();
  }
}

/**
 * Finds which listeners want the same port.
 *
 * @typeParam T The claimant.
 * @param all Claims in order, each with its claimant.
 * @returns Claims that collide with an earlier one, each with both claimants.
 */
export function clashes<T>(
  all: readonly (readonly [who: T, claim: Claim])[],
): [who: T, claim: Claim, before: T][] {
  return all.flatMap(([who, claim], index) => {
    const earlier = all.slice(0, index).find(([, other]) =>
      isSame(claim.addr, other.addr)
    );
    return earlier === undefined ? [] : [[who, claim, earlier[0]]];
  });
}

const ALL = ["::", "0.0.0.0"];

function isSame(one: Deno.NetAddr, other: Deno.NetAddr): boolean {
  const hosts = [one.hostname, other.hostname];
  if (one.port !== other.port) return false;
  if (hosts[0] === hosts[1]) return one.port !== 0 || isUnix(hosts[0]!);
  if (one.port === 0 || hosts.some(isUnix)) return false;
  // `[::]` takes IPv4 as well; 0.0.0.0 leaves IPv6 to others.
  if (hosts.includes("::")) return true;
  return hosts.includes(ALL[1]!) && !hosts.some((host) => host.includes(":"));
}

function isUnix(hostname: string): boolean {
  return hostname.startsWith("unix:");
}

async function unixAddr(path: string): Promise<Deno.NetAddr> {
  const folder = folderOf(path);
  const name = formatEndpoint({ path });
  if (!isGranted({ name: "write", path })) {
    throw new StartError(
      `Cannot listen on ${name}: Sluice has no permission to write, or dropped it at the start; restart it with this configuration`,
    );
  }
  try {
    if (!(await Deno.stat(folder)).isDirectory) {
      throw new Deno.errors.NotADirectory();
    }
  } catch (error) {
    throw fileFault("listen on", name, error, "write");
  }
  return { transport: "tcp", hostname: name, port: 0 };
}

/** Another port of the same address is bound, which tells what it is. */
function boundAddr({ host, port }: HostPort): Deno.NetAddr {
  const isAddress = parseIpAddress(host) !== undefined;
  const asked = isAddress ? { host: formatHostPort(host, 0) } : {};
  if (!isGranted({ name: "net", ...asked })) {
    return { transport: "tcp", hostname: host || "::", port };
  }
  using listener = openListener({ host, port: 0 });
  return { ...listener.addr, port };
}
