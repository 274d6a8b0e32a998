/**
 * What a server is given by the program that it runs in: its sockets, and what
 * outlives a change of its settings.
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
 * @param where Where.
 * @param backlog Connections that may wait for it (default 4,096).
 * @returns The listener; the caller closes it.
 */
export type OpenEndpoint = (
  where: Endpoint,
  backlog?: number,
) => Promise<Listener>;

/** Told of each connection that a listener accepts. */
export type ConnectionListener = (
  client: Deno.NetAddr,
  listener: string,
  end: (reason: unknown) => void,
) => void;

/** The program that a server runs in. */
export interface ServerHost {
  /** Takes what there is to log. */
  readonly log: (event: LogEvent) => void;
  /** Lists connections for the admin listener (default: nothing watches). */
  readonly registry?: Registry | undefined;
  /** Whether it is only to be seen if the server could start: it serves nothing. */
  readonly isTrial: boolean;
  /** Which thread of several it is (default: there is one alone). */
  readonly thread?: ThreadInfo | undefined;
  /** Opens the files of a server (default: each is read). */
  readonly files?: ServerFiles | undefined;
  /** What the program decides itself (default: nothing). */
  readonly hooks?: Hooks | undefined;
  /**
   * Called for each connection that a listener accepts (default: nobody is).
   *
   * @param client Where the client is.
   * @param listener Name of the listener.
   * @param end Ends the connection; told why.
   */
  readonly onConnection?: ConnectionListener | undefined;
  /** Servers that the program has, this one too (default 1). */
  readonly peers?: number;
  /**
   * Opens a listener.
   *
   * @param where Where.
   * @param open Opens it, where it is not open already.
   * @param backlog Connections that may wait for it (default 4,096).
   * @param option The option that names it, for the errors of a trial.
   * @returns The listener; the caller closes it.
   */
  open(
    where: Endpoint,
    open: OpenEndpoint,
    backlog?: number,
    option?: string,
  ): Promise<Listener>;
  /**
   * Takes what forbids the start: throws it, or notes it in a trial.
   *
   * @param error What forbids it.
   */
  refuse(error: unknown): void;
  /**
   * Gives what counts, which goes on counting when other settings change.
   *
   * @typeParam T What it is.
   * @param what Its name.
   * @param settings Its own settings: others make another one.
   * @param make Makes it; with what other threads share, where there are any.
   * @returns The one that was kept, or a new one.
   */
  keep<T extends object>(
    what: string,
    settings: unknown,
    make: (share?: Share) => T,
  ): T;
  /**
   * Gives the program as one of its listeners has it, where threads have to
   * agree on which is which (default: they need not).
   *
   * @param listener Its name, the same in all threads.
   * @param scope Its kind and its number among those of that kind, such as
   *   `proxy 1`: the same on all machines of a fleet.
   * @returns What that listener is to use.
   */
  forListener?(listener: string, scope: string): ServerHost;
}

/** A program with that server alone, which logs nothing. */
export const ALONE: ServerHost = {
  log: () => {},
  isTrial: false,
  open: (where, open, backlog) => open(where, backlog),
  refuse(error) {
    throw error;
  },
  keep: (_what, _settings, make) => make(),
};
