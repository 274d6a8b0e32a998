/**
 * A running server, or several as one, as the program's life sees it: start,
 * reload, shutdown.
 *
 * @module
 */

import type { Announcement } from "./announcement.ts";
import type { OpenSessions } from "./target/open_sessions.ts";
import type { PlanChange, ServerPlan } from "./server_plan.ts";
import type { Reloadable } from "../cli/watch_files.ts";

/** Something that accepts connections until it is shut down. */
export interface Stoppable {
  /** Number of open connections that this thread knows of. */
  readonly connections: number;
  /** Connections lost in a thread that died during the shutdown (default 0). */
  readonly lost?: number;
  /**
   * Counts connections of all threads. It waits only briefly for the others.
   */
  refresh?(): Promise<void>;
  /**
   * Stops accepting and lets open connections finish.
   *
   * @param deadline Milliseconds until the rest is cut; 0 cuts immediately.
   * @returns How many connections were cut, without the lost ones.
   */
  shutdown(deadline: number): Promise<number>;
}

/** Facts about a server besides its connections. */
export interface ServerFacts {
  /** What to announce once it accepts connections. */
  readonly banner: readonly Announcement[];
  /** Files that Sluice reloads when they change. */
  readonly files: readonly Reloadable[];
  /** Whether it writes files while it runs. */
  readonly writes: boolean;
  /** Its connections, to judge again after a change (default: none). */
  readonly sessions?: OpenSessions | undefined;
}

/** A running server. */
export interface RunningServer extends Stoppable, ServerFacts {}

/** Running servers, in one thread or several. */
export interface Serving extends RunningServer {
  /**
   * Replaces the plan in force (default: it cannot be replaced).
   *
   * @param plan The new plan.
   * @returns What has changed.
   * @throws {ConfigError} If the plan has a problem. Nothing changes then.
   */
  replace?(plan: ServerPlan): Promise<PlanChange>;
  /** Rejects when the servers cannot go on (default: never). */
  readonly failed?: Promise<never>;
  /** Whether all threads answer (default: this thread does, so all do). */
  readonly isAnswering?: boolean;
  /**
   * Whether the servers use foreign functions while they run (default false).
   */
  readonly keepsFfi?: boolean;
  /** Writes the remaining log lines after the shutdown. */
  close?(): Promise<void>;
  /** Releases everything immediately. Has no effect after the shutdown. */
  end?(): void;
}

/**
 * Adds the facts about a server to its connections.
 *
 * @param running The connections, which become the server.
 * @param facts What is known.
 */
export function runningServer(
  running: Stoppable,
  facts: ServerFacts,
): RunningServer {
  return Object.assign(running, facts);
}
