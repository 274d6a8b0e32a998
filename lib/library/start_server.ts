/**
 * Starts a server for a program that uses Sluice as a library.
 *
 * @module
 */

import { OptionError, UsageError } from "../cli/usage_error.ts";
import { loadListenerKind } from "../config/server_kinds.ts";
import { startListener } from "../config/start_listener.ts";
import { releaseCLibrary } from "../net/system/c_library.ts";
import { formatAddr } from "../net/unix_socket.ts";
import type {
  BanEvent,
  ConnectionEvent,
  LogEvent,
  MessageEvent,
} from "../observe/log_event.ts";
import { ALONE, type ServerHost } from "../serve/server_host.ts";
import type { Hooks } from "../serve/hooks.ts";
import { givenTo, spellForLibrary } from "./given_options.ts";
import { ServerHandle } from "./server_handle.ts";

/** An accepted connection. */
export interface AcceptedConnection {
  /** Address of the client: `HOST:PORT`, or `unix`. */
  readonly client: string;
  /** Listener that it connected to: `HOST:PORT` or `unix:PATH`. */
  readonly listener: string;
  /**
   * Closes the connection.
   *
   * @param reason The reason for its record.
   */
  close(reason?: string): void;
}

/** Options of every server besides its own. */
export interface ServerEvents {
  /** Ends the server immediately when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Called for each accepted connection. */
  readonly onConnection?:
    | ((connection: AcceptedConnection) => void)
    | undefined;
  /** Called when a connection, or one of its HTTP requests, has ended. */
  readonly onEnd?: ((record: ConnectionEvent) => void) | undefined;
  /** Called with warnings and bans (default: not called). */
  readonly onMessage?: ((event: MessageEvent | BanEvent) => void) | undefined;
}

/** Names of the options of every server. */
const EVENTS = ["signal", "onConnection", "onEnd", "onMessage"] as const;

/** Names of the hooks, which only a proxy has. */
const HOOKS = ["authorize", "dial"] as const;

/** Number of servers in this program that the library has started. */
let running = 0;

/** The four products. */
export type ServerName = "proxy" | "forward" | "hub" | "echo";

/**
 * Starts a server.
 *
 * @param kindName The product.
 * @param options Its options, events and hooks.
 * @returns The server, which already listens.
 * @throws {TypeError} If an option is wrong, or options conflict.
 * @throws {Error} If the machine lacks or forbids what it needs; `cause` has
 *   the system's error.
 * @throws The reason of the signal, if it is aborted.
 */
export async function startServer(
  kindName: ServerName,
  options: ServerEvents & Hooks,
): Promise<ServerHandle> {
  const cannot = `Cannot start ${kindName}`;
  requireOptions(options, cannot);
  const { authorize, dial, onConnection, onEnd, onMessage, signal, ...given } =
    options;
  const hasHooks = authorize !== undefined || dial !== undefined;
  requireEvents(kindName, options, cannot);
  signal?.throwIfAborted();
  const kind = await loadListenerKind(kindName);
  const host: ServerHost = {
    ...ALONE,
    log: logTo(onEnd, onMessage),
    hooks: hasHooks ? { authorize, dial } : undefined,
    onConnection: onConnection && ((client, listener, end) => {
      call(onConnection, {
        client: formatAddr(client),
        listener,
        close: (reason = "Closed by the program") => end(new Error(reason)),
      });
    }),
  };
  let hasStarted = false;
  running++;
  try {
    const texts = await givenTo(given, kind);
    const started = await startListener(kind.command, texts, host);
    const server = new ServerHandle(started, signal);
    void server.finished.then(leave);
    hasStarted = true;
    if (!signal?.aborted) return server;
    await server.shutdown(0);
  } catch (error) {
    const isKnown = error instanceof OptionError ||
      error instanceof TypeError || error instanceof SyntaxError;
    if (!isKnown) throw error;
    const isMachine = error instanceof OptionError &&
      !(error instanceof UsageError);
    const message = spellForLibrary(error.message, kind.options);
    const Thrown = isMachine ? Error : TypeError;
    throw new Thrown(`${cannot}: ${message}`, {
      cause: error.cause ?? error,
    });
  } finally {
    if (!hasStarted) leave();
  }
  throw signal.reason;
}

/**
 * Closes the C library with the last server, so that a test leaves nothing
 * open.
 */
function leave(): void {
  if (--running === 0) releaseCLibrary();
}

function requireOptions(options: unknown, cannot: string): void {
  if (typeof options === "object" && options !== null) return;
  throw new TypeError(
    `${cannot}: expected options such as { listen: "127.0.0.1:0" }, not ${
      options === null ? "null" : `a ${typeof options}`
    }`,
  );
}

function requireEvents(
  kindName: ServerName,
  options: ServerEvents & Hooks,
  cannot: string,
): void {
  for (const name of [...EVENTS, ...HOOKS]) {
    const value = options[name];
    if (value === undefined) continue;
    if (name === "signal") {
      if (value instanceof AbortSignal) continue;
      throw new TypeError(`${cannot}: "signal" is not an AbortSignal`);
    }
    if (typeof value !== "function") {
      throw new TypeError(`${cannot}: "${name}" is not a function`);
    }
    if (kindName === "proxy" || !HOOKS.some((hook) => hook === name)) continue;
    throw new TypeError(`${cannot}: "${name}" is for a proxy only`);
  }
}

function logTo(
  onEnd: ServerEvents["onEnd"],
  onMessage: ServerEvents["onMessage"],
): (event: LogEvent) => void {
  return (event) => {
    if (event.event === "connection") {
      if (onEnd !== undefined) call(onEnd, event);
    } else if (event.event !== "listening" && onMessage !== undefined) {
      call(onMessage, event);
    }
  };
}

/**
 * Reports an error of a callback as the program's own; the connection goes on.
 */
function call<T>(callback: (value: T) => void, value: T): void {
  try {
    callback(value);
  } catch (error) {
    reportError(error);
  }
}
