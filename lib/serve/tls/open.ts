/**
 * The TLS of listeners, from files to handshakes. The module loads `node:tls`:
 * import it where it is first needed.
 *
 * @module
 */

import type {
  ClientAuthentication,
  ListenerTls,
  SecuredClient,
  TlsClient,
} from "./over_tls.ts";
import { TlsAcceptor } from "../../net/tls/accept.ts";
import { TlsError } from "../../net/tls/tls_error.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import { messageEvent } from "../../observe/message_event.ts";
import type { Identity } from "../../policy/users/identity.ts";
import { type ClientHello, TLS_VERSION } from "../../wire/tls/client_hello.ts";
import { ALERT, TlsAlertError } from "../../wire/tls/alert.ts";
import { checkEnforcement } from "./check_enforcement.ts";
import type { CertificateTrust } from "./certificate/trust.ts";
import { openClientTrust } from "./open_trust.ts";
import {
  authorityWarning,
  type OwnCertificate,
  readOwnCertificate,
} from "./own_certificate.ts";
import type { ServerFiles } from "../server_files.ts";
import { TlsFiles, type TlsTexts } from "./files.ts";
import type { TlsConfig } from "./config.ts";
import type { Reloadable } from "../../cli/watch_files.ts";

/** Protocols of a client that the log names, at most. */
const MOST_NAMED = 8;

/** The options that name the files. */
const NAMES = {
  certificate: "tls-cert",
  key: "tls-key",
  authorities: "tls-client-ca",
  lists: "tls-crl",
} as const;

/** Settings of {@linkcode openTls}. */
export interface OpenTlsOptions {
  /** Protocols that clients may ask for by ALPN (default any). */
  protocols?: readonly string[];
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Opens the files (default: each is read). */
  files?: ServerFiles | undefined;
  /** Told that other files are in force. */
  onChange?: () => void;
}

/** TLS that is ready to be spoken. */
export interface OpenedTls {
  /** What handshakes go by. */
  tls: ListenerTls;
  /** Files to watch. */
  files: readonly Reloadable[];
}

/**
 * Opens the TLS of listeners.
 *
 * @param config Which files it is made of.
 * @param options What clients may speak inside.
 * @returns The TLS; a change of its files is for the next connections.
 * @throws {StartError} If a file can't be used, or the runtime does not check
 *   the certificates of clients.
 */
export async function openTls(
  config: TlsConfig,
  options: OpenTlsOptions,
): Promise<OpenedTls> {
  const files = await TlsFiles.open(config, {
    names: NAMES,
    prepare: (texts) => prepare(texts, config, options),
    log: options.log,
    files: options.files,
    ...options.onChange === undefined ? {} : { onChange: options.onChange },
  });
  const { fallback, trust } = files.current;
  if (trust !== undefined) await checkEnforcement(fallback);
  return {
    files: [files],
    tls: {
      clients: clientsOf(config),
      accept: (hello, client) => accept(files.current, hello, client),
      ...trust === undefined ? {} : {
        async verifyAgain(certificates) {
          await files.current.trust!.verifyClient(certificates);
        },
      },
    },
  };
}

function clientsOf(config: TlsConfig): ClientAuthentication {
  if (config.authorities === undefined) return "anyone";
  return config.isOptional ? "request" : "require";
}

/** All that a handshake needs. */
interface Handshakes {
  byName: ReadonlyMap<string, TlsAcceptor>;
  fallback: TlsAcceptor;
  protocols: readonly string[] | undefined;
  trust: CertificateTrust | undefined;
  isOptional: boolean;
}

async function prepare(
  { authorities, certificates, revocationLists }: TlsTexts,
  { certificates: paths, isOptional = false }: TlsConfig,
  { protocols, log }: OpenTlsOptions,
): Promise<Handshakes> {
  const trust = authorities === undefined
    ? undefined
    : await openClientTrust(authorities, revocationLists);
  const byName = new Map<string, TlsAcceptor>();
  let fallback: TlsAcceptor | undefined;
  for (const [index, pair] of certificates.entries()) {
    const path = paths[index]!.certificate;
    const own = readOwnCertificate({ ...pair, path }, "server");
    warnOfDates(path, own, log);
    if (own.isAuthority) log(authorityWarning(path, "client"));
    const acceptor = new TlsAcceptor({
      ...pair,
      isOptional,
      ...(trust === undefined ? {} : {
        clientAuthorities: authorities!,
        isDisputed: (certificates) => trust.isConstrained(certificates),
      }),
      ...(protocols === undefined ? {} : { protocols }),
    });
    fallback ??= acceptor;
    for (const name of own.names) {
      if (!byName.has(name)) byName.set(name, acceptor);
    }
  }
  return { byName, fallback: fallback!, protocols, trust, isOptional };
}

/** Clients will complain; but only they know whether they look at it. */
function warnOfDates(
  path: string,
  { notBefore, notAfter }: OwnCertificate,
  log: (event: LogEvent) => void,
): void {
  const now = new Date();
  const fault = now > notAfter
    ? `has expired (at ${notAfter.toISOString()})`
    : now < notBefore
    ? `is not yet valid (from ${notBefore.toISOString()})`
    : undefined;
  if (fault === undefined) return;
  const message = `Certificate ${path} ${fault}: clients will refuse it`;
  log(messageEvent("warning", "certificate-invalid", message));
}

async function accept(
  { byName, fallback, isOptional, trust, ...given }: Handshakes,
  hello: ClientHello,
  { channel, ends, protocols = given.protocols }: TlsClient,
): Promise<SecuredClient> {
  requireSpoken(hello, protocols);
  const acceptor = find(byName, hello.serverName) ?? fallback;
  const { connection, certificates } = await acceptor
    .accept(channel, ends, protocols)
    .catch((error: unknown) => explain(error, trust));
  try {
    const identity = await identify(certificates, { isOptional, trust });
    return { connection, identity };
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function identify(
  certificates: readonly Uint8Array[],
  { isOptional, trust }: Pick<Handshakes, "isOptional" | "trust">,
): Promise<Identity | undefined> {
  if (trust === undefined) return undefined;
  if (certificates.length > 0) {
    return { ...await trust.verifyClient(certificates), certificates };
  }
  if (isOptional) return undefined;
  // The runtime accepts a resumed session of a listener that asks for none.
  throw new TlsError(
    "refused",
    "TLS handshake failed: client sent no certificate",
  );
}

/** Sluice's own verification gives a clearer reason than the runtime's. */
async function explain(
  error: unknown,
  trust: CertificateTrust | undefined,
): Promise<never> {
  const certificates = error instanceof TlsError ? error.certificates : [];
  if (trust === undefined || certificates.length === 0) throw error;
  await trust.verifyClient(certificates);
  throw trust.label(error as TlsError, certificates);
}

function find(
  byName: ReadonlyMap<string, TlsAcceptor>,
  name: string | undefined,
): TlsAcceptor | undefined {
  if (name === undefined) return undefined;
  // A star stands for one label and no more (RFC 6125 §6.4.3).
  return byName.get(name) ?? byName.get(name.replace(/^[^.]+/, "*"));
}

/** Refuses an unsupported version or protocol with an alert in plain text. */
function requireSpoken(
  { protocols, version }: ClientHello,
  spoken: readonly string[] | undefined,
): void {
  if (version < TLS_VERSION.Tls12) {
    throw new TlsAlertError(
      ALERT.ProtocolVersion,
      "client does not speak TLS 1.2 or later",
    );
  }
  // Both sides do without if either offers none.
  if (!spoken?.length || protocols.length === 0) return;
  if (protocols.some((name) => spoken.includes(name))) return;
  throw new TlsAlertError(
    ALERT.NoApplicationProtocol,
    `client speaks ${protocols.slice(0, MOST_NAMED).join(", ")}, not ${
      spoken.join(", ")
    }`,
  );
}
