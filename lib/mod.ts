/**
 * Runs Sluice servers inside a program: a proxy, a relay, a hub and an echo
 * server. Options have the names of the command line in camelCase and accept
 * the same texts.
 *
 * ```ts
 * import { startProxy } from "@sluice/sluice";
 *
 * await using proxy = await startProxy({
 *   listen: "127.0.0.1:0",
 *   authorize: ({ host }) => host.endsWith(".example"),
 *   onEnd: ({ target, result }) => console.log(target, result),
 * });
 * console.log(`socks5h://${proxy.addr}`);
 * ```
 *
 * @module
 */

import type { EchoServerOptions } from "./library/echo_options.ts";
import type { ForwardServerOptions } from "./library/forward_options.ts";
import type { HubServerOptions } from "./library/hub_options.ts";
import type { ProxyServerOptions } from "./library/proxy_options.ts";
import type { ServerHandle } from "./library/server_handle.ts";
import { type ServerEvents, startServer } from "./library/start_server.ts";
import type { Hooks } from "./serve/hooks.ts";

export type { EchoServerOptions } from "./library/echo_options.ts";
export type { ForwardServerOptions } from "./library/forward_options.ts";
export type { HubServerOptions } from "./library/hub_options.ts";
export type { ProxyServerOptions } from "./library/proxy_options.ts";
export type { ListenerAddress, ServerHandle } from "./library/server_handle.ts";
export type {
  AcceptedConnection,
  ServerEvents,
} from "./library/start_server.ts";
export type { StreamPair } from "./net/stream_pair.ts";
export type {
  BanEvent,
  ConnectionEvent,
  ConnectionResult,
  MessageEvent,
} from "./observe/log_event.ts";
export type { RuleCommand } from "./policy/rules/question.ts";
export type {
  Answer,
  AuthorizeRequest,
  DialRequest,
  Hooks,
} from "./serve/hooks.ts";

/**
 * Starts a proxy that speaks SOCKS5, SOCKS4 and HTTP on one port.
 *
 * ```ts
 * import { startProxy } from "@sluice/sluice";
 *
 * await using proxy = await startProxy({
 *   listen: "127.0.0.1:0",
 *   user: "alice:secret",
 *   rule: ["deny to 10.0.0.0/8", "allow port 443", "default deny"],
 *   connectTimeout: "5s",
 * });
 * console.log(proxy.port);
 * ```
 *
 * @param options Its options (default: local programs only, on 127.0.0.1:1080).
 * @returns The running proxy.
 * @throws {TypeError} If an option is wrong, or options conflict.
 * @throws {Error} If it can't listen, or a file can't be read.
 */
export function startProxy(
  options: ProxyServerOptions & ServerEvents & Hooks = {},
): Promise<ServerHandle> {
  return startServer("proxy", options);
}

/**
 * Starts a relay to fixed upstreams.
 *
 * ```ts
 * import { startEcho, startForward } from "@sluice/sluice";
 *
 * await using echo = await startEcho({ listen: "127.0.0.1:0" });
 * await using relay = await startForward({
 *   listen: "127.0.0.1:0",
 *   upstreams: echo.addr,
 * });
 * using conn = await Deno.connect({ port: relay.port });
 * await conn.write(new TextEncoder().encode("hello"));
 * ```
 *
 * @param options Its options: `listen` and `upstreams`, or `routes`.
 * @returns The running relay.
 * @throws {TypeError} If an option is wrong, or options conflict.
 * @throws {Error} If it can't listen, or a file can't be read.
 */
export function startForward(
  options: ForwardServerOptions & ServerEvents,
): Promise<ServerHandle> {
  return startServer("forward", options);
}

/**
 * Starts a hub: it sends each client's messages to all other clients.
 *
 * ```ts
 * import { startHub } from "@sluice/sluice";
 *
 * await using hub = await startHub({ listen: "127.0.0.1:0", history: 20 });
 * console.log(`nc ${hub.addr}`);
 * ```
 *
 * @param options Its options (default: lines of text on 127.0.0.1:7000).
 * @returns The running hub.
 * @throws {TypeError} If an option is wrong, or options conflict.
 * @throws {Error} If it can't listen, or a file can't be read.
 */
export function startHub(
  options: HubServerOptions & ServerEvents = {},
): Promise<ServerHandle> {
  return startServer("hub", options);
}

/**
 * Starts an echo server: a target for tests that can be slow or close early.
 *
 * ```ts
 * import { startEcho } from "@sluice/sluice";
 *
 * await using echo = await startEcho({ listen: "127.0.0.1:0", delay: "200ms" });
 * console.log(echo.addr);
 * ```
 *
 * @param options Its options (default: on 127.0.0.1:8080).
 * @returns The running server.
 * @throws {TypeError} If an option is wrong, or options conflict.
 * @throws {Error} If it can't listen, or a file can't be read.
 */
export function startEcho(
  options: EchoServerOptions & ServerEvents = {},
): Promise<ServerHandle> {
  return startServer("echo", options);
}
