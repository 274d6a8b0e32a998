/**
 * A server that runs, and any number of them as one: what the life of the
 * program needs to know of them.
 *
 * @module
 */

import type { Announcement } from "./announcement.ts";
import type { OpenSessions } from "./target/open_sessions.ts";
import type { PlanChange, ServerPlan } from "./server_plan.ts";
import type { Reloadable } from "../cli/watch_files.ts";

/** Something that takes connections until it is shut down. */
export interface Stoppable {
  /** Connections that are open, as far as this thread knows. */
  readonly connections: number;
  /** Connections that a thread lost when it died in the shutdown (default 0). */
  readonly lost?: number;
  /** Counts those of other threads, but does not wait long for them. */
  refresh?(): Promise<void>;
  /**
   * Stops accepting and lets open connections finish.
   *
   * @param deadline Milliseconds until the rest is cut; 0 cuts immediately.
   * @returns How many connections were cut, without the lost ones.
   */
  shutdown(deadline: number): Promise<number>;
}

/** What there is to know about a server besides its connections. */
export interface ServerFacts {
  /** What to announce once it serves. */
  readonly banner: readonly Announcement[];
  /** Files to read again when they change. */
  readonly files: readonly Reloadable[];
  /** Whether it writes files while it runs. */
  readonly writes: boolean;
  /** Its connections, to be judged again (default: none is). */
  readonly sessions?: OpenSessions | undefined;
}

/** A server that runs. */
export interface RunningServer extends Stoppable, ServerFacts {}

/** Servers that run, in this thread or in others. */
export interface Serving extends RunningServer {
  /**
   * Runs another plan in place of this one (default: it can't be replaced).
   *
   * @param plan The other plan.
   * @returns What has changed.
   * @throws {ConfigError} If there is a problem in it; nothing changes then.
   */
  replace?(plan: ServerPlan): Promise<PlanChange>;
  /** Rejects when they can't go on (default: they always can). */
  readonly failed?: Promise<never>;
  /** Whether all of them answer (default: they do if this thread does). */
  readonly isAnswering?: boolean;
  /** Whether they need foreign functions while they run (default false). */
  readonly keepsFfi?: boolean;
  /** Writes what is left to log, after the shutdown. */
  close?(): Promise<void>;
  /** Gives everything up immediately; it may be over already. */
  end?(): void;
}

/**
 * Adds what is known about a server to its connections.
 *
 * @param running The connections.
 * @param facts What is known.
 * @returns The server.
 */
export function runningServer(
  running: Stoppable,
  facts: ServerFacts,
): RunningServer {
  return {
    ...facts,
    get connections() {
      return running.connections;
    },
    shutdown: (deadline) => running.shutdown(deadline),
  };
}
