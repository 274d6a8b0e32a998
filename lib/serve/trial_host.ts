/**
 * The surroundings of a server that is started on trial. Its listeners accept
 * nothing, and errors of the start are noted.
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

/** An address that a server wants to listen on. */
export interface Claim {
  /** The configured address. */
  where: Endpoint;
  /** The address that it would bind, with the configured port. */
  addr: Deno.NetAddr;
  /** The option that configures it. */
  option: string;
}

/** Options for {@linkcode TrialHost}. */
export interface TrialHostOptions {
  /** Number of threads for the server (default 1). */
  workers?: number;
  /** Opens its files (default: each is read). */
  files?: ServerFiles;
  /** Receives log events (default: not logged). */
  log?: ServerHost["log"];
}

/** The surroundings of a trial. */
export class TrialHost implements ServerHost {
  readonly isTrial = true;
  readonly log: ServerHost["log"];
  /** The first of several threads, if more than one is configured. */
  readonly thread: ThreadInfo | undefined;
  readonly files: ServerFiles | undefined;
  /** The addresses that the server wants to listen on. */
  readonly claims: Claim[] = [];
  /** Errors that forbid its start. */
  readonly refusals: unknown[] = [];

  /**
   * Creates surroundings without claims.
   *
   * @param options Files, log and number of threads.
   */
  constructor({ files, log = () => {}, workers = 1 }: TrialHostOptions = {}) {
    this.files = files;
    this.log = log;
    this.thread = workers > 1 ? { index: 0, count: workers } : undefined;
  }

  /**
   * Creates a listener that accepts nothing.
   *
   * @param where The configured address.
   * @param _open Not used.
   * @param _backlog Not used.
   * @param option The option that configures it (default `listen`).
   * @returns The listener, which holds no socket.
   * @throws {StartError} If it could not be opened even if nothing else
   *   listened there.
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

  /** Notes an error that forbids the start. */
  refuse(error: unknown): void {
    this.refusals.push(error);
  }

  /**
   * Creates the value, because a trial has no earlier one.
   *
   * @typeParam T Type of the value.
   * @param _what Its name.
   * @returns The new value.
   */
  keep<T extends object>(_what: string, _settings: unknown, make: () => T): T {
    return make();
  }
}

/**
 * Finds listeners that want the same port.
 *
 * @typeParam T Type of the claimant.
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
  // `[::]` also takes IPv4; 0.0.0.0 leaves IPv6 free.
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

/** Binds a free port of the same host, which shows the real address. */
function boundAddr({ host, port }: HostPort): Deno.NetAddr {
  const isAddress = parseIpAddress(host) !== undefined;
  const asked = isAddress ? { host: formatHostPort(host, 0) } : {};
  if (!isGranted({ name: "net", ...asked })) {
    return { transport: "tcp", hostname: host || "::", port };
  }
  using listener = openListener({ host, port: 0 });
  return { ...listener.addr, port };
}
