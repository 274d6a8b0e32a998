/**
 * A proxy with TLS in the test's own process, and its TLS clients.
 *
 * @module
 */

import tls from "node:tls";
import { openTls } from "../../lib/serve/tls/open.ts";
import type { TlsConfig } from "../../lib/serve/tls/config.ts";
import type { Reloadable } from "../../lib/cli/watch_files.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { startTls, type StartTlsOptions } from "../../lib/net/tls/start.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import {
  makeIdentities,
  makeTestAuthority,
  type TestAuthority,
  type TestIdentities,
} from "./certificates.ts";
import {
  type SomeProxyConfig,
  startTestProxy,
  type TestProxy,
} from "./proxy.ts";

// Outside of all tests, because the library stays loaded.
tls.createSecureContext();

/**
 * One authority for all proxies of a test file, because making one takes longer
 * than starting a proxy. Each proxy has files of its own.
 */
let identities: Promise<TestIdentities> | undefined;

/** A proxy with TLS, and its test authority. */
export interface TlsProxy extends AsyncDisposable {
  readonly proxy: TestProxy;
  readonly authority: TestAuthority;
  /** Messages that are not about one connection. */
  readonly messages: LogEvent[];
  /** Files to reload. */
  readonly files: readonly Reloadable[];
  /** Connects with TLS as Alice, or as another client. */
  connect(options?: Partial<StartTlsOptions>): Promise<Connection>;
}

/** Settings of {@linkcode startTlsProxy}. */
export interface TlsProxySettings {
  config?: SomeProxyConfig;
  /** Creates the TLS settings (default: clients need a certificate). */
  tls?: (authority: TestAuthority) => Promise<TlsConfig> | TlsConfig;
}

/** Starts a proxy with TLS on 127.0.0.1. */
export async function startTlsProxy(
  { config = {}, tls = mutualTls }: TlsProxySettings = {},
): Promise<TlsProxy> {
  const authority = await makeTestAuthority(
    await (identities ??= makeIdentities()),
  );
  const messages: LogEvent[] = [];
  const log = (event: LogEvent) => {
    if (event.event === "message") messages.push(event);
  };
  const opened = await openTls(await tls(authority), {
    protocols: ["http/1.1"],
    log,
  });
  const proxy = await startTestProxy({ ...config, tls: opened.tls, log });
  return {
    proxy,
    authority,
    messages,
    files: opened.files,
    async connect(options = {}) {
      const connection = await proxy.connect();
      try {
        return await startTls(connection, {
          host: "localhost",
          verify: () => Promise.resolve(), // The runtime's check is enough here.
          authorities: authority.authority.certificate,
          ...authority.alice,
          ...options,
        });
      } catch (error) {
        connection.close();
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await proxy[Symbol.asyncDispose]();
      await authority[Symbol.asyncDispose]();
    },
  };
}

/** TLS that requires client certificates. */
export function mutualTls(authority: TestAuthority): TlsConfig {
  return {
    ...serverTls(authority),
    authorities: authority.path("ca.crt"),
  };
}

/** TLS without client certificates. */
export function serverTls({ path }: TestAuthority): TlsConfig {
  const certificate = path("server.crt");
  return { certificates: [{ certificate, key: path("server.key") }] };
}
