/**
 * A proxy with TLS in the test's own process, and clients that speak TLS.
 *
 * @module
 */

import tls from "node:tls";
import { openTls } from "../../lib/serve/tls/open.ts";
import type { ProxyConfig } from "../../lib/proxy/start.ts";
import type { TlsConfig } from "../../lib/serve/tls/config.ts";
import type { Reloadable } from "../../lib/cli/watch_files.ts";
import type { Connection } from "../../lib/net/connection.ts";
import { startTls, type StartTlsOptions } from "../../lib/net/tls/start.ts";
import type { LogEvent } from "../../lib/observe/log_event.ts";
import { makeTestAuthority, type TestAuthority } from "./certificates.ts";
import { startTestProxy, type TestProxy } from "./proxy.ts";

// Outside of all tests: what it loads stays loaded.
tls.createSecureContext();

/** A proxy with TLS, and what its certificates are made with. */
export interface TlsProxy extends AsyncDisposable {
  readonly proxy: TestProxy;
  readonly authority: TestAuthority;
  /** What there was to say that was not about one connection. */
  readonly messages: LogEvent[];
  /** What is to be reloaded. */
  readonly files: readonly Reloadable[];
  /** Agrees on TLS as Alice, or as somebody else. */
  connect(options?: Partial<StartTlsOptions>): Promise<Connection>;
}

/** Settings of {@linkcode startTlsProxy}. */
export interface TlsProxySettings {
  config?: Partial<ProxyConfig>;
  /** Makes the TLS; by default clients need a certificate. */
  tls?: (authority: TestAuthority) => Promise<TlsConfig> | TlsConfig;
}

/** Starts a proxy with TLS on 127.0.0.1. */
export async function startTlsProxy(
  { config = {}, tls = mutualTls }: TlsProxySettings = {},
): Promise<TlsProxy> {
  const authority = await makeTestAuthority();
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
          verify: () => Promise.resolve(), // The runtime's is enough here.
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

/** TLS where clients need a certificate. */
export function mutualTls(authority: TestAuthority): TlsConfig {
  return {
    ...serverTls(authority),
    authorities: authority.path("ca.crt"),
  };
}

/** TLS where clients need none. */
export function serverTls({ path }: TestAuthority): TlsConfig {
  const certificate = path("server.crt");
  return { certificates: [{ certificate, key: path("server.key") }] };
}
