/**
 * What the doctor examines, in one form for a command's options and for a
 * configuration file.
 *
 * @module
 */

import type { FleetOptions } from "../serve/options/fleet.ts";
import type { NameServer } from "../net/names/dns_client.ts";
import { refusedRange } from "../policy/rules/address_guard.ts";
import { isUnixPath } from "../wire/endpoint.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { Load } from "./capacity.ts";
import type { Finding } from "./finding.ts";
import type { NeededPermissions } from "./permissions.ts";
import { folderOf } from "../cli/folder_of.ts";
import { sourceOf } from "../cli/option.ts";
import type { ListenerValues } from "../config/server_kinds.ts";

/** What the doctor examines. */
export interface DoctorSubject {
  /** Expected load. */
  load: Load;
  /** Files with certificates. */
  certificates: readonly string[];
  /** Name servers; empty for the system's resolver. */
  servers: readonly NameServer[];
  /** Options that name upstreams and parents. */
  outward: readonly ListenerValues[];
  /** Addresses of the program's own listeners. */
  own: readonly string[];
  /** Findings of a trial start. */
  start: readonly Finding[];
  /** Options of the fleet (default: none). */
  fleet?: FleetOptions;
  /** Permissions that the program needs. */
  needed: NeededPermissions;
  /** Arguments of the program, for the suggested command line. */
  args: readonly string[];
}

/** The option whose file the program writes. */
const WRITTEN = "quota-file";

/** Files that options name. */
export interface NamedFiles {
  /** Files with certificates. */
  certificates: string[];
  /** Files that the program reads, including `certificates`. */
  reads: string[];
  /** Folders that the program writes to. */
  writes: string[];
}

/**
 * Finds the files that options name.
 *
 * @param options Parsed values.
 */
export function filesOf(options: ListenerValues): NamedFiles {
  const certificates = isThere([
    ...options["tls-cert"] ?? [],
    options["tls-client-ca"],
    options["upstream-ca"],
    options["upstream-cert"],
  ]);
  const reads = isThere(pathsOf(options, (name) => name !== WRITTEN));
  const { admin } = options;
  const socket = admin !== undefined && isUnixPath(admin)
    ? admin.path
    : undefined;
  const written = pathsOf(options, (name) => name === WRITTEN);
  const writes = isThere([...written, socket]).map(folderOf);
  return { certificates, reads, writes };
}

/** Finds the values of all options of kind `path`. */
function pathsOf(
  options: ListenerValues,
  isMeant: (name: string) => boolean,
): (string | undefined)[] {
  const values = options as Readonly<Record<string, unknown>>;
  return Object.entries(sourceOf(options).table)
    .filter(([name, { kind }]) => kind === "path" && isMeant(name))
    .flatMap(([name]) => values[name] as string | readonly string[]);
}

/**
 * Tells whether a proxy has an address guard.
 *
 * @param options Addresses, and whether the guard is lifted.
 * @returns Whether it has one. Names other than `localhost` count as public.
 */
export function isGuardedProxy(
  { "allow-private": isLifted, listen = [] }: ListenerValues,
): boolean {
  if (isLifted !== false) return false; // Other servers have no such option.
  return listen.some((endpoint) => {
    if (isUnixPath(endpoint)) return false; // Local programs only.
    const ip = parseIpAddress(endpoint.host);
    if (ip === undefined) return endpoint.host !== "localhost";
    return !refusedRange(ip)?.startsWith("loopback");
  });
}

function isThere(paths: readonly (string | undefined)[]): string[] {
  return paths.filter((path) => path !== undefined);
}
