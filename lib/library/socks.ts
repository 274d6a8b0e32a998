/**
 * Connections through other proxies, as pairs of streams.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startEcho, startProxy } from "@sluice/sluice";
 * import { socksConnect } from "@sluice/sluice/socks";
 *
 * await using echo = await startEcho({ listen: "127.0.0.1:0" });
 * await using proxy = await startProxy({ listen: "127.0.0.1:0" });
 * using conn = await socksConnect(`socks5h://${proxy.addr}`, echo.addr);
 * await conn.writable.getWriter().write(new TextEncoder().encode("hello"));
 * ```
 *
 * @module
 */

import { dialChain, type StartTls } from "../net/chain.ts";
import { dial } from "../net/dial.ts";
import { openNames } from "../serve/target/open_names.ts";
import { Context } from "../sync/context.ts";
import { parseConfiguredHost } from "../wire/host_name.ts";
import { parseHostPort } from "../wire/host_port.ts";
import { type Parent, parseParent } from "../wire/parent_url.ts";
import { millisecondsOf } from "./milliseconds.ts";
import { ProxiedConnection } from "./proxied_connection.ts";

export type { ByteChannel, Connection } from "../net/connection.ts";
export type { ProxiedConnection } from "./proxied_connection.ts";
export type { DialError, DialErrorKind } from "../net/dial_error.ts";

/** Options for {@linkcode socksConnect} and {@linkcode httpConnect}. */
export interface ProxyConnectOptions {
  /** Aborting it stops the attempt; it has no effect on an open connection. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Time limit for the whole attempt: `"5s"`, or milliseconds (default 10 s); 0
   * disables it.
   */
  readonly timeout?: string | number | undefined;
  /**
   * File with the authorities (PEM) that sign the certificate of an `https://`
   * proxy (default: the system's authorities).
   */
  readonly proxyCa?: string | undefined;
}

/** One proxy as a URL, or several with the nearest first. */
export type ProxyUrls = string | URL | readonly (string | URL)[];

/**
 * Connects to a target through SOCKS proxies.
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startEcho, startProxy } from "@sluice/sluice";
 * import { socksConnect } from "@sluice/sluice/socks";
 *
 * await using echo = await startEcho({ listen: "127.0.0.1:0" });
 * await using proxy = await startProxy({ listen: "127.0.0.1:0" });
 * using conn = await socksConnect(`socks5h://${proxy.addr}`, echo.addr);
 * assertEquals(conn.remoteAddr.port, proxy.port);
 * ```
 *
 * @param proxy `socks5h://[NAME:PASSWORD@]HOST:PORT`; the other schemes are
 *   `socks5`, `socks4` and `socks4a`. Further proxies may be HTTP.
 * @param target `HOST:PORT`.
 * @param options Time limit, signal and authorities.
 * @returns The connection; the caller closes it.
 * @throws {TypeError} If an argument is wrong.
 * @throws {DialError} If the proxy or the target can't be reached.
 * @throws The reason of the signal, if it was aborted.
 */
export function socksConnect(
  proxy: ProxyUrls,
  target: string,
  options: ProxyConnectOptions = {},
): Promise<ProxiedConnection> {
  return connectThrough(SOCKS, proxy, target, options);
}

/**
 * Connects to a target through HTTP proxies (CONNECT).
 *
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { startEcho, startProxy } from "@sluice/sluice";
 * import { httpConnect } from "@sluice/sluice/socks";
 *
 * await using echo = await startEcho({ listen: "127.0.0.1:0" });
 * await using proxy = await startProxy({ listen: "127.0.0.1:0" });
 * using conn = await httpConnect(`http://${proxy.addr}`, echo.addr);
 * assertEquals(conn.remoteAddr.port, proxy.port);
 * ```
 *
 * @param proxy `http://[NAME:PASSWORD@]HOST:PORT`, or `https://`. Further
 *   proxies may be SOCKS proxies.
 * @param target `HOST:PORT`.
 * @param options Time limit, signal and authorities.
 * @returns The connection; the caller closes it.
 * @throws {TypeError} If an argument is wrong.
 * @throws {DialError} If the proxy or the target can't be reached.
 * @throws The reason of the signal, if it was aborted.
 */
export function httpConnect(
  proxy: ProxyUrls,
  target: string,
  options: ProxyConnectOptions = {},
): Promise<ProxiedConnection> {
  return connectThrough(HTTP, proxy, target, options);
}

/** The proxies that a function accepts as the nearest one. */
interface Protocol {
  readonly name: string;
  readonly scheme: RegExp;
  readonly other: string;
}

const SOCKS: Protocol = {
  name: "socksConnect",
  scheme: /^socks/,
  other: "httpConnect() takes http:// and https://",
};

const HTTP: Protocol = {
  name: "httpConnect",
  scheme: /^http/,
  other: "socksConnect() takes socks5h:// and the like",
};

async function connectThrough(
  protocol: Protocol,
  proxy: ProxyUrls,
  target: string,
  { signal, timeout = 10_000, proxyCa }: ProxyConnectOptions,
): Promise<ProxiedConnection> {
  const parents = parentsOf(protocol, proxy);
  const { host, port } = explained("target", target, parseTarget);
  const limit = millisecondsOf(timeout, "timeout");
  signal?.throwIfAborted();
  using context = new Context();
  const cancel = () => context.cancel(signal!.reason);
  signal?.addEventListener("abort", cancel, { once: true });
  using resolver = openNames();
  try {
    const chained = await dialChain(parents, { host, port }, context, {
      timeout: limit,
      startTls: await tlsTo(parents, proxyCa),
      async dial(name, port, context) {
        const { addresses, late } = await resolver.find(
          parseConfiguredHost(name),
          context,
        );
        return await dial(addresses, port, context, { timeout: 0, late });
      },
      resolve: async (name, context) =>
        (await resolver.find(name, context)).addresses,
    });
    return new ProxiedConnection(chained);
  } finally {
    signal?.removeEventListener("abort", cancel);
  }
}

function parentsOf(protocol: Protocol, proxy: ProxyUrls): Parent[] {
  const urls = [proxy].flat() as unknown[];
  const parents = urls.map((url) =>
    explained("proxy", url instanceof URL ? url.href : url, parseParent)
  );
  const [first] = parents;
  if (first !== undefined && protocol.scheme.test(first.scheme)) return parents;
  throw new TypeError(
    first === undefined
      ? `${protocol.name}() got no proxy; give the URL of one`
      : `${protocol.name}() does not take ${first.scheme}://; ${protocol.other}`,
  );
}

async function tlsTo(
  parents: readonly Parent[],
  proxyCa: string | undefined,
): Promise<StartTls | undefined> {
  if (!parents.some(({ scheme }) => scheme === "https")) return undefined;
  const { openUpstreamTls } = await import("../serve/tls/open_upstream.ts");
  const authorities = proxyCa === undefined ? {} : { authorities: proxyCa };
  const { start } = await openUpstreamTls(
    { certificates: [], isInsecure: false, ...authorities },
    () => {},
  );
  return start;
}

function parseTarget(text: string): { host: string; port: number } {
  const { host, port } = parseHostPort(text, "");
  if (host === "" || port === 0) {
    throw new SyntaxError("it is not HOST:PORT, such as example.com:80");
  }
  parseConfiguredHost(host);
  return { host, port };
}

/**
 * Names the wrong argument without repeating its value, which may contain a
 * password.
 */
function explained<R>(
  name: string,
  value: unknown,
  parse: (value: string) => R,
): R {
  if (typeof value !== "string") {
    const what = value === null ? "null" : typeof value;
    throw new TypeError(
      `Cannot connect: "${name}" is ${what}; expected a string`,
    );
  }
  try {
    return parse(value);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TypeError(`Cannot connect: "${name}": ${error.message}`);
  }
}
