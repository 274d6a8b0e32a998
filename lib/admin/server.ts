/**
 * The admin listener, with the recorders that its answers need.
 *
 * @module
 */

import { handlerOf } from "../serve/connection.ts";
import { describeError } from "../observe/describe_error.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { LoopDelay } from "../observe/loop_delay.ts";
import { messageEvent } from "../observe/message_event.ts";
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
import type { FleetNodes } from "../serve/counts/fleet_nodes.ts";
import { answerCalls } from "./fleet/answer_call.ts";
import { DescriptorMeter } from "../net/system/descriptor_meter.ts";
import type { DrainState } from "./drain_state.ts";
import { Collector } from "./record/collector.ts";
import { DayReport } from "./record/day_report.ts";
import { openFigures } from "./figures.ts";
import { totalsOf } from "./threads/figures.ts";
import type { Threads } from "./threads/threads.ts";
import {
  type ListenerInfo,
  type RunningListeners,
  startListeners,
} from "../serve/start_listeners.ts";

/** Most requests answered at the same time, over all clients. */
export const MOST_ANSWERED = 64;

/**
 * Further connections allowed at that limit. A connection that has not sent its
 * request, or has its answer, closes to make room for the next one, so that
 * health checks always get through.
 */
const MOST_WAITING = 64;

/** Milliseconds between two points of the history. */
const HISTORY_STEP = 5_000;

/** Milliseconds for the head of a request. */
const HANDSHAKE = 10_000;

/** Milliseconds that answers in progress have when the listener closes. */
const FAREWELL = 1_000;

/** Settings of the admin listener. */
export interface AdminConfig {
  /** Where it listens. */
  listen: Endpoint;
  /** The token; `undefined` requires none. */
  token: string | undefined;
  /** What takes connections: threads may come and go. */
  threads: Threads;
  /** The state of the server's life. */
  state: DrainState;
  /** The actions of the operator. */
  actions: AdminActions;
  /** Receives log events. */
  log: (event: LogEvent) => void;
  /** Milliseconds between two points of the history (default 5,000). */
  historyStep?: number;
  /** Milliseconds between two events of a stream (default 1,000). */
  eventStep?: number;
}

/** An open admin listener; disposing of it closes it. */
export interface Admin extends AsyncDisposable {
  /** Where it listens: `HOST:PORT` or `unix:PATH`. */
  readonly name: string;
  /** The event `listening`, as for every listener. */
  readonly listener: ListenerInfo;
  /**
   * Says that the server runs, while it still has all of its permissions.
   *
   * @param fleet The machines of its fleet (default none).
   */
  start(fleet?: FleetNodes): void;
  /**
   * Takes another token in place of the first, and ends the streams of events
   * that began with the old one.
   */
  replaceToken(token: string): void;
}

/**
 * Opens the admin listener.
 *
 * @param config Its settings.
 * @throws {UsageError} If other machines could use it without a token.
 * @throws {StartError} If it can't listen.
 */
export async function startAdmin(config: AdminConfig): Promise<Admin> {
  const { log, threads, state } = config;
  const totals = totalsOf(await threads.figures());
  const delay = new LoopDelay();
  const descriptors = new DescriptorMeter();
  let fleet: FleetNodes | undefined;
  const subject: AdminSubject = {
    ...{ threads, state, delay, descriptors },
    node: () => fleet?.own,
  };
  const view = new AdminView(subject);
  const onError = (error: unknown) =>
    warn(log, `cannot collect figures: ${describeError(error)}`);
  const { eventStep, historyStep: step = HISTORY_STEP } = config;
  const events = new AdminEvents(view, threads, { onError, step: eventStep });
  const collector = new Collector(threads, { step, totals });
  const context: AdminContext = {
    view,
    threads,
    state,
    events,
    report: new DayReport(collector),
    figures: openFigures(subject),
    actions: config.actions,
    fleet: () => fleet,
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
    start(nodes) {
      fleet = nodes;
      fleet?.answer(answerCalls(context));
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

/** Requests are not logged; internal errors are. */
function sayFailure(event: LogEvent, log: (event: LogEvent) => void): void {
  if (event.event !== "connection" || event.result !== "failed") return;
  warn(log, `cannot answer: ${event.reason}`);
}

function warn(log: (event: LogEvent) => void, what: string): void {
  log(messageEvent("warning", "admin-failed", `Admin: ${what}`));
}
