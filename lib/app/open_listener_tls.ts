/**
 * From what was said of a command's TLS to TLS.
 *
 * @module
 */

import type { OpenedTls, OpenTlsOptions } from "./open_tls.ts";
import { tlsConfig, type TlsOptions } from "./tls_options.ts";

/**
 * Opens the TLS of a command's listeners. What it needs is loaded only where it
 * was asked for.
 *
 * @param options What the command line says.
 * @param settings What clients may speak inside.
 * @returns The TLS, for `overTls()`; `undefined` where there is to be none.
 * @throws {UsageError} If the options don't go together.
 * @throws {StartError} If a file can't be used, or the runtime does not check
 *   the certificates of clients.
 */
export async function openListenerTls(
  options: TlsOptions,
  settings: OpenTlsOptions,
): Promise<OpenedTls | undefined> {
  const config = tlsConfig(options);
  if (config === undefined) return undefined;
  const { openTls } = await import("./open_tls.ts");
  return await openTls(config, settings);
}
