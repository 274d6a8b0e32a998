/**
 * TLS of a command's listeners, imported only if it is used.
 *
 * @module
 */

import type { OpenedTls, OpenTlsOptions } from "./open.ts";
import { tlsConfig, type TlsOptions } from "../options/tls.ts";

/** TLS, or none and so no files to watch. */
export interface ListenerTlsOrNone extends Pick<OpenedTls, "files"> {
  /** The TLS for handshakes; `undefined` without TLS. */
  tls: OpenedTls["tls"] | undefined;
}

/**
 * Opens the TLS that the options ask for.
 *
 * @param options Values of the options.
 * @param settings Protocols inside TLS, and the log.
 * @returns The TLS and its files.
 * @throws {UsageError} If options conflict.
 * @throws {StartError} If a file is unusable.
 */
export async function openListenerTls(
  options: TlsOptions,
  settings: OpenTlsOptions,
): Promise<ListenerTlsOrNone> {
  const config = tlsConfig(options);
  if (config === undefined) return { tls: undefined, files: [] };
  const { openTls } = await import("./open.ts");
  return await openTls(config, settings);
}
