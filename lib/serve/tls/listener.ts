/**
 * The TLS of a command's listeners, loaded only where it is spoken.
 *
 * @module
 */

import type { OpenedTls, OpenTlsOptions } from "./open.ts";
import { tlsConfig, type TlsOptions } from "../options/tls.ts";

/** TLS, or none and so nothing to watch. */
export interface ListenerTlsOrNone extends Pick<OpenedTls, "files"> {
  /** What handshakes go by; `undefined` is no TLS. */
  tls: OpenedTls["tls"] | undefined;
}

/**
 * Opens the TLS that the options ask for.
 *
 * @param options What the command line says.
 * @param settings What clients may speak inside, and where the log is.
 * @returns The TLS, and the files that it is made of.
 * @throws {UsageError} If the options don't go together.
 * @throws {StartError} If a file can't be used.
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
