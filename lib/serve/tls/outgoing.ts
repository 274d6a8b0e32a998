/**
 * The TLS of a command's connections to upstreams and parents, loaded only if
 * there are any.
 *
 * @module
 */

import type { StartTls } from "../../net/chain.ts";
import type { UpstreamTlsConfig } from "./config.ts";
import type { ServerHost } from "../server_host.ts";
import {
  UPSTREAM_TLS_OPTIONS,
  upstreamTlsConfig,
  type UpstreamTlsOptions,
} from "../options/upstream_tls.ts";
import { UsageError } from "../../cli/usage_error.ts";
import type { Reloadable } from "../../cli/watch_files.ts";

const { "upstream-name": _name, ...WITHOUT_NAME } = UPSTREAM_TLS_OPTIONS;

/** Options of the TLS to parents; the URL of each parent gives its name. */
export const PARENT_TLS_OPTIONS: Omit<
  typeof UPSTREAM_TLS_OPTIONS,
  "upstream-name"
> = WITHOUT_NAME;

/** TLS of outgoing connections. */
export interface OutgoingTls {
  /** Does the TLS handshake on a connection; `undefined` if none uses TLS. */
  startTls: StartTls | undefined;
  /** Files to watch. */
  files: readonly Reloadable[];
}

/** The TLS options of a command. */
export type OutgoingTlsOptions =
  & Omit<UpstreamTlsOptions, "upstream-name">
  & Partial<UpstreamTlsOptions>;

/**
 * Opens the TLS that connections need.
 *
 * @param options Options of the command line.
 * @param isNeeded Whether any connection uses TLS.
 * @param host The log, and what opens files.
 * @returns The TLS, and the files that it is made of.
 * @throws {UsageError} If options conflict, or no connection uses them.
 * @throws {StartError} If a file can't be used.
 */
export async function openOutgoingTls(
  options: OutgoingTlsOptions,
  isNeeded: boolean,
  { log, files: given }: Pick<ServerHost, "log" | "files">,
): Promise<OutgoingTls> {
  const name = options["upstream-name"];
  const config = upstreamTlsConfig({ ...options, "upstream-name": name });
  if (!isNeeded) {
    requireNothing(config);
    return { startTls: undefined, files: [] };
  }
  const { openUpstreamTls } = await import("./open_upstream.ts");
  const { files, start } = await openUpstreamTls(config, log, given);
  return { files, startTls: start };
}

/** An option that nothing comes of would only look like protection. */
function requireNothing(config: UpstreamTlsConfig): void {
  const { authorities, certificates, isInsecure, name } = config;
  const given = [
    authorities !== undefined && "upstream-ca",
    certificates.length > 0 && "upstream-cert",
    name !== undefined && "upstream-name",
    isInsecure && "insecure",
  ].find((option) => option);
  if (given === undefined || given === false) return;
  throw new UsageError(
    "has no effect: no upstream or parent uses TLS; name a tls:// upstream or an https:// parent, or leave it out",
    { option: given },
  );
}
