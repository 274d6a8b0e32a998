/**
 * What the doctor looks at: the same of one command's options and of all
 * listeners of a configuration.
 *
 * @module
 */

import type { NameServer } from "../net/names/dns_client.ts";
import { refusedRange } from "../policy/rules/address_guard.ts";
import { isUnixPath } from "../wire/endpoint.ts";
import { parseIpAddress } from "../wire/ip_address.ts";
import type { Load } from "./capacity.ts";
import type { Finding } from "./finding.ts";
import type { NeededPermissions } from "./permissions.ts";
import type { OutwardOptions } from "./upstreams.ts";
import { folderOf } from "../cli/folder_of.ts";
import { sourceOf } from "../cli/option.ts";
import type { ProxyOptions } from "../proxy/options.ts";

/** What there is to look at. */
export interface DoctorSubject {
  /** What is asked of the system. */
  load: Load;
  /** Files with certificates. */
  certificates: readonly string[];
  /** Name servers; none is the system's resolver. */
  servers: readonly NameServer[];
  /** Options that say where connections go. */
  outward: readonly OutwardOptions[];
  /** Where it listens itself. */
  own: readonly string[];
  /** What a start has shown. */
  start: readonly Finding[];
  /** What it needs of Deno. */
  needed: NeededPermissions;
  /** Arguments of the program, for the line to copy. */
  args: readonly string[];
}

/** The option that names a file that is written. */
const WRITTEN = "quota-file";

/** Options that name files, as far as a command has them. */
export type FileOptions = Partial<
  Pick<
    ProxyOptions,
    "tls-cert" | "tls-client-ca" | "upstream-ca" | "upstream-cert" | "admin"
  >
>;

/** Files of options. */
export interface NamedFiles {
  /** Those with certificates. */
  certificates: string[];
  /** Those that are read, these included. */
  reads: string[];
  /** Folders that are written to. */
  writes: string[];
}

/**
 * Finds the files that options name.
 *
 * @param options Values of options, as they were read.
 */
export function filesOf(options: FileOptions): NamedFiles {
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

/** Whatever is declared to be a path. */
function pathsOf(
  options: FileOptions,
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
 * @param options What it listens on, and whether the guard is lifted.
 * @returns Whether it has; names other than `localhost` may stand for anything.
 */
export function isGuardedProxy(
  options: Partial<Pick<ProxyOptions, "allow-private" | "listen">>,
): boolean {
  const { "allow-private": isLifted, listen = [] } = options;
  if (isLifted !== false) return false; // Other servers have no such option.
  return listen.some((endpoint) => {
    if (isUnixPath(endpoint)) return false; // Only for programs of this machine.
    const ip = parseIpAddress(endpoint.host);
    if (ip === undefined) return endpoint.host !== "localhost";
    return !refusedRange(ip)?.startsWith("loopback");
  });
}

function isThere(paths: readonly (string | undefined)[]): string[] {
  return paths.filter((path) => path !== undefined);
}
