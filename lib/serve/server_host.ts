/**
 * The surroundings of a server: sockets, and values that survive a change of
 * its settings.
 *
 * @module
 */

import type { Registry } from "./registry.ts";
import type { Listener } from "../net/listen.ts";
import type { LogEvent } from "../observe/log_event.ts";
import type { Endpoint } from "../wire/endpoint.ts";
import type { ServerFiles } from "./server_files.ts";
import type { Hooks } from "./hooks.ts";
import type { Share, ThreadInfo } from "./worker_share.ts";

/**
 * Opens a listener.
 *
 * @param backlog Connections that may wait for it (default 4,096).
 * @returns The listener; the caller closes it.
 */
export type OpenEndpoint = (
  where: Endpoint,
  backlog?: number,
) => Promise<Listener>;

/** Receives each connection that a listener accepts. */
export type ConnectionListener = (
  client: Deno.NetAddr,
  listener: string,
  end: (reason: unknown) => void,
) => void;

/** The program around a server. */
export interface ServerHost {
  /** Receives log events. */
  readonly log: (event: LogEvent) => void;
  /** Lists connections for the admin listener (default: nothing watches). */
  readonly registry?: Registry | undefined;
  /** Whether this is a trial that only shows if the server can start. */
  readonly isTrial: boolean;
  /** The thread among several (default: there is only one). */
  readonly thread?: ThreadInfo | undefined;
  /** Opens the server's files (default: each is read). */
  readonly files?: ServerFiles | undefined;
  /** Decisions of the embedding program (default: none). */
  readonly hooks?: Hooks | undefined;
  /**
   * Called for each accepted connection (default: not called).
   *
   * @param client Address of the client.
   * @param listener Name of the listener.
   * @param end Ends the connection, with a reason for the log.
   */
  readonly onConnection?: ConnectionListener | undefined;
  /** Number of servers in the program, including this one (default 1). */
  readonly peers?: number;
  /**
   * Opens a listener.
   *
   * @param where Its address.
   * @param open Opens it, unless it is open already.
   * @param backlog Most queued connections (default 4,096).
   * @param option The option with the address, for errors of a trial.
   * @returns The listener; the caller closes it.
   */
  open(
    where: Endpoint,
    open: OpenEndpoint,
    backlog?: number,
    option?: string,
  ): Promise<Listener>;
  /**
   * Handles an error that forbids the start: throws it, or notes it in a trial.
   */
  refuse(error: unknown): void;
  /**
   * Returns a value that counts, such as bans. It keeps its counts when other
   * settings change.
   *
   * @typeParam T Type of the value.
   * @param what Its name.
   * @param settings Its own settings; a new one is created when they change.
   * @param make Creates the value; gets what threads share, if there are
   *   several.
   * @returns The earlier or the new value.
   */
  keep<T extends object>(
    what: string,
    settings: unknown,
    make: (share?: Share) => T,
  ): T;
  /**
   * Returns the surroundings of one listener, for threads that must agree on
   * its identity (default: threads need not agree).
   *
   * @param listener Its name, the same in all threads.
   * @param scope Its kind and its number within that kind, such as `proxy 1`;
   *   the same on all machines of a fleet.
   * @returns The surroundings of that listener.
   */
  forListener?(listener: string, scope: string): ServerHost;
}

/** The surroundings of a single server. Nothing is logged. */
export const ALONE: ServerHost = {
  log: () => {},
  isTrial: false,
  open: (where, open, backlog) => open(where, backlog),
  refuse(error) {
    throw error;
  },
  keep: (_what, _settings, make) => make(),
};
