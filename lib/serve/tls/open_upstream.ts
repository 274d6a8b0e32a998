/**
 * TLS to upstreams, from files to handshakes. The module loads `node:tls`:
 * import it where it is first needed.
 *
 * @module
 */

import tls from "node:tls";
import type { Connection, TlsConnection } from "../../net/connection.ts";
import { startTls, type StartTlsOptions } from "../../net/tls/start.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import type { CertificateTrust } from "./certificate/trust.ts";
import { openServerTrust } from "./open_trust.ts";
import { authorityWarning, readOwnCertificate } from "./own_certificate.ts";
import type { UpstreamTlsConfig } from "./config.ts";
import type { ServerFiles } from "../server_files.ts";
import { TlsFiles, type TlsTexts } from "./files.ts";
import type { Reloadable } from "../../cli/watch_files.ts";

/** The options that name the files; none names revocation lists. */
const NAMES = {
  certificate: "upstream-cert",
  key: "upstream-key",
  authorities: "upstream-ca",
  lists: "upstream-ca",
} as const;

/** TLS to upstreams, ready for use. */
export interface UpstreamTls {
  /**
   * Does the TLS handshake with an upstream.
   *
   * @param connection A connection to it. The caller closes it on failure.
   * @param upstream Its name, its protocols, and the context that cancels.
   * @returns The encrypted connection.
   * @throws {TlsError} If the handshake fails, or the certificate is not the upstream's.
   */
  start(
    connection: Connection,
    upstream: Pick<StartTlsOptions, "host" | "context" | "protocols">,
  ): Promise<TlsConnection>;
  /** Files to watch. */
  files: readonly Reloadable[];
}

/**
 * Opens TLS to upstreams. Warns at every start if nothing is verified.
 *
 * @param config Paths and settings.
 * @param log Receives log events.
 * @param given Opens its files (default: each is read).
 * @returns The TLS; changed files apply to the next connections.
 * @throws {StartError} If a file can't be used.
 */
export async function openUpstreamTls(
  config: UpstreamTlsConfig,
  log: (event: LogEvent) => void,
  given?: ServerFiles,
): Promise<UpstreamTls> {
  const { isInsecure = false, name } = config;
  if (isInsecure) {
    const message =
      "--insecure: Sluice does not verify upstreams; anyone on the way can read and change the traffic";
    log(messageEvent("warning", "upstream-unverified", message));
  }
  const files = await TlsFiles.open(config, {
    names: NAMES,
    prepare: (texts) => prepare(texts, config, log),
    log,
    files: given,
  });
  return {
    files: [files],
    start: (connection, upstream) =>
      startTls(connection, { ...upstream, ...files.current, name, isInsecure }),
  };
}

type Material = Pick<
  StartTlsOptions,
  "authorities" | "certificate" | "key" | "verify"
>;

async function prepare(
  { authorities, certificates }: TlsTexts,
  { certificates: paths, isInsecure }: UpstreamTlsConfig,
  log: (event: LogEvent) => void,
): Promise<Material> {
  const [own] = certificates;
  if (own !== undefined) {
    const path = paths[0]!.certificate;
    const { isAuthority } = readOwnCertificate({ ...own, path }, "client");
    if (isAuthority) log(authorityWarning(path, "upstream"));
  }
  const trust = isInsecure ? undefined : await openTrust(authorities);
  return {
    authorities,
    ...own,
    verify: async (sent, host) => await trust?.verifyServer(sent, host),
  };
}

/** Trust in the system's authorities, once something needs it. */
let systemTrust: Promise<CertificateTrust> | undefined;

/**
 * Opens trust in the given authorities, or in those that the runtime goes by,
 * too. To parse the hundred and more of those takes half a second.
 */
function openTrust(authorities: string | undefined): Promise<CertificateTrust> {
  return authorities === undefined
    ? systemTrust ??= openServerTrust(
      tls.getCACertificates("default").join("\n"),
    )
    : openServerTrust(authorities);
}
