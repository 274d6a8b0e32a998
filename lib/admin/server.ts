/**
 * The admin listener: opens it, and keeps what it tells of.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import { describeError } from "../observe/describe_error.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { LoopDelay } from "../observe/loop_delay.ts";
import { AdminAccess } from "../policy/users/admin_access.ts";
import { ConnectionLimits } from "../policy/limits/connection_limits.ts";
import { oneAtATime } from "../sync/one_at_a_time.ts";
import { SpacedTurns } from "../sync/spaced_turns.ts";
import { type Endpoint, isUnixPath } from "../wire/endpoint.ts";
import { AdminEvents } from "./events.ts";
import { adminProtocol, type AdminServices } from "./protocol.ts";
import type { AdminActions, AdminContext } from "./answers.ts";
import { requireAdminToken } from "../serve/options/admin_token.ts";
import { type AdminSubject, AdminView } from "./view.ts";
import { DescriptorMeter } from "../net/system/descriptor_meter.ts";
import type { DrainState } from "./drain_state.ts";
import { Collector } from "./record/collector.ts";
import { DayReport } from "./record/day_report.ts";
import { openFigures } from "./figures.ts";
import { totalsOf } from "./thread_figures.ts";
import type { Threads } from "./threads.ts";
import {
  type ListenerInfo,
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";

/** Requests that are answered at once, over all clients. */
export const MOST_ANSWERED = 64;

/**
 * Connections besides, where so many are answered. Whoever has not sent a
 * request yet, or has its answer, makes room for the next one: health is told
 * whatever others do.
 */
const MOST_WAITING = 64;

/** Milliseconds between two points of the history. */
const HISTORY_STEP = 5_000;

/** Milliseconds for the head of a request. */
const HANDSHAKE = 10_000;

/** Milliseconds that answers under way have when it ends. */
const FAREWELL = 1_000;

/** What the admin listener is to be. */
export interface AdminConfig {
  /** Where it listens. */
  listen: Endpoint;
  /** What clients have to know; `undefined` is nothing. */
  token: string | undefined;
  /** Name of this node of a fleet (default none). */
  node?: string | undefined;
  /** What takes connections: threads may come and go. */
  threads: Threads;
  /** How far the server is. */
  state: DrainState;
  /** What can be done. */
  actions: AdminActions;
  /** Takes what there is to log. */
  log: (event: LogEvent) => void;
  /** Milliseconds between two points of the history (default 5,000). */
  historyStep?: number;
  /** Milliseconds between two events of a stream (default 1,000). */
  eventStep?: number;
}

/** An admin listener that is open; closed when disposed of. */
export interface Admin extends AsyncDisposable {
  /** Where it listens: `HOST:PORT` or `unix:PATH`. */
  readonly name: string;
  /** The same as every listener is described. */
  readonly listener: ListenerInfo;
  /** Says that the server runs, while it still has all of its permissions. */
  start(): void;
  /**
   * Takes another token in place of the first, and ends the streams of events
   * that began with the old one.
   */
  replaceToken(token: string): void;
}

/**
 * Opens the admin listener.
 *
 * @param config What it is to be.
 * @returns The listener.
 * @throws {UsageError} If others could use it and there is no token.
 * @throws {StartError} If it can't listen.
 */
export async function startAdmin(config: AdminConfig): Promise<Admin> {
  const { log, threads, state } = config;
  const totals = totalsOf(await threads.figures());
  const delay = new LoopDelay();
  const descriptors = new DescriptorMeter();
  const { node } = config;
  const subject: AdminSubject = { threads, state, delay, descriptors, node };
  const view = new AdminView(subject);
  const onError = (error: unknown) => sayMistake(error, log);
  const events = new AdminEvents(view, threads, {
    onError,
    ...config.eventStep === undefined ? {} : { step: config.eventStep },
  });
  const step = config.historyStep ?? HISTORY_STEP;
  const collector = new Collector(threads, { step, totals });
  const context: AdminContext = {
    view,
    threads,
    state,
    events,
    report: new DayReport(collector),
    figures: openFigures(subject),
    actions: config.actions,
    log,
  };
  const turns = new SpacedTurns();
  const { listen, token } = config;
  const isUnix = isUnixPath(listen);
  const host = isUnix ? "" : listen.host;
  const access = new AdminAccess({ token, host, isUnix });
  const services = { access, admin: context, turns };
  const running = await open(config, services).catch((error) => {
    delay[Symbol.dispose]();
    throw error;
  });
  const listener = running.listeners[0]!;
  const timer = setInterval(
    oneAtATime(async () => {
      const point = await collector.collect();
      if (point !== undefined) events.tellHistory(point);
    }, onError),
    step,
  );
  return {
    name: listener.name,
    listener,
    start() {
      const held = async () => (await threads.figures()).descriptors;
      descriptors.read(held).catch(onError);
    },
    replaceToken(token) {
      access.replaceToken(token);
      events.endAll();
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      delay[Symbol.dispose]();
      events.close();
      await running.shutdown(FAREWELL);
      turns[Symbol.dispose]();
    },
  };
}

function open(
  { listen, log, token }: AdminConfig,
  given: Pick<AdminServices, "access" | "admin" | "turns">,
): Promise<RunningListeners> {
  const limits = new ConnectionLimits(MOST_ANSWERED, {
    mostKept: MOST_WAITING,
  });
  const services: AdminServices = {
    ...given,
    limits,
    connectionsPerClient: 0,
    timeouts: { handshake: HANDSHAKE, connect: 0, idle: 0, halfClose: 0 },
    log: (event) => sayFailure(event, log),
  };
  return startListeners(
    [listen],
    () => handlerOf(adminProtocol, services),
    {
      slots: MOST_ANSWERED + MOST_WAITING,
      makeRoom: () => limits.makeRoom(),
      log,
      optionAt: () => "admin",
      check: (listener, where) => requireAdminToken(listener, where, token),
    },
  );
}

/** Requests are no news; a mistake of ours is. */
function sayFailure(event: LogEvent, log: (event: LogEvent) => void): void {
  if (event.event !== "connection" || event.result !== "failed") return;
  const message = `Admin: cannot answer: ${event.reason}`;
  log({ event: "message", level: "warning", code: "admin-failed", message });
}

function sayMistake(error: unknown, log: (event: LogEvent) => void): void {
  const message = `Admin: cannot collect figures: ${describeError(error)}`;
  log({ event: "message", level: "warning", code: "admin-failed", message });
}
