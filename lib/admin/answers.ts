/**
 * How the admin listener carries out each of its operations.
 *
 * @module
 */

import type { MessageCode } from "../observe/message_code.ts";
import type { FleetNodes, NodeCaller } from "../serve/counts/fleet_nodes.ts";
import { countOf } from "../observe/count_of.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { formatSpan } from "../observe/format_span.ts";
import { clientKey } from "../policy/limits/client_key.ts";
import type { BannedAnswer, Drain, ReloadAnswer } from "./api.ts";
import type { DrainState } from "./drain_state.ts";
import type {
  AnswerOf,
  ENDPOINTS,
  Operation,
  ParametersOf,
} from "./endpoints.ts";
import { AdminError } from "./error.ts";
import type { AdminEvents } from "./events.ts";
import { readBan } from "./read_ban.ts";
import type { BanKey } from "./threads/answers.ts";
import type { Done, Threads } from "./threads/threads.ts";
import type { FoundRoute } from "./routes.ts";
import type { WriteFigures } from "./figures.ts";
import { answerFleet, listNodes } from "./fleet/list.ts";
import { type RelayedRequest, relayRequest } from "./fleet/relay.ts";
import type { DayReport } from "./record/day_report.ts";
import { type ExportedFile, exportTunnels } from "./tunnels/export.ts";
import {
  endMatching,
  listClosed,
  listGroups,
  listTunnels,
} from "./tunnels/lists.ts";
import type { AdminView } from "./view.ts";

/** The actions of the operator on the whole program. */
export interface AdminActions {
  /** Begins to drain; further calls do nothing. */
  drain(): void;
  /**
   * Reloads the program's configuration.
   *
   * @returns The files that it reloaded.
   * @throws {AdminError} `reload_failed`, if some of it stays unchanged.
   */
  reload(): Promise<ReloadAnswer>;
  /** The configuration in force, without secrets; for `JSON.stringify`. */
  config(): unknown;
}

/** The context of operations. */
export interface AdminContext {
  /** Source of the answers. */
  readonly view: AdminView;
  /** The threads that accept connections. */
  readonly threads: Threads;
  /** The state of the server's life. */
  readonly state: DrainState;
  /** The event stream. */
  readonly events: AdminEvents;
  /** The record of the last day. */
  readonly report: DayReport;
  /** Writes the figures for Prometheus. */
  readonly figures: WriteFigures;
  /** The actions of the operator. */
  readonly actions: AdminActions;
  /** The machines of the fleet; `undefined` if there is none. */
  readonly fleet: () => FleetNodes | undefined;
  /** The other node that asks (default: a client of this one). */
  readonly caller?: NodeCaller;
  /** Receives log events. */
  readonly log: (event: LogEvent) => void;
}

/** An answer that is text, a stream of events, or a file. */
export type TextAnswer =
  | { status: 200 | 503; text: string; type?: string }
  | { status: 200; stream: AdminEvents }
  | { status: 200; file: ExportedFile };

/** The answer of an operation; one with 204 has no JSON. */
export type AdminAnswer =
  | { status: 200 | 202 | 204; json: unknown }
  | TextAnswer;

/** Carries out one operation; its JSON follows its schema. */
type Handler<O extends Operation> = (
  context: AdminContext,
  parameters: ParametersOf<O>,
) => Handled<O> | Promise<Handled<O>>;

type Handled<O extends Operation> = (typeof ENDPOINTS)[O] extends
  { type: string } ? TextAnswer : AnswerOf<O>;

const HANDLERS: { readonly [O in Operation]: Handler<O> } = {
  "GET /healthz": () => ({ status: 200, text: "ok\n" }),
  "GET /readyz": answerReady,
  "GET /metrics": async ({ figures, fleet }, asked) => {
    if (asked?.fleet === undefined) return { status: 200, ...await figures() };
    const { fleetFigures } = await import("./fleet/figures.ts");
    const nodes = await listNodes(fleet());
    return { status: 200, ...await figures(fleetFigures(nodes)) };
  },
  "GET /api/openapi.json": async () => (await import("./openapi.ts")).OPEN_API,
  "GET /api/fleet": ({ fleet }) => answerFleet(fleet()),
  "GET /api/status": ({ view }) => view.status(),
  "GET /api/tunnels": ({ threads }, asked) => listTunnels(threads, asked),
  "DELETE /api/tunnels": endTunnels,
  "DELETE /api/tunnels/{id}": endTunnel,
  "GET /api/groups": ({ threads }, asked) => listGroups(threads, asked),
  "GET /api/closed": ({ threads }, asked) => listClosed(threads, asked),
  "GET /api/export": async ({ threads }, asked) => ({
    status: 200,
    file: await exportTunnels(threads, asked),
  }),
  "GET /api/refusals": async ({ view }) => ({
    refusals: await view.refusals(),
  }),
  "GET /api/pools": async ({ threads }) => ({
    pools: (await threads.figures()).upstreams,
  }),
  "GET /api/bans": async ({ threads }) => ({ bans: await threads.bans() }),
  "POST /api/bans": banClient,
  "DELETE /api/bans/{key}": liftBan,
  "GET /api/history": ({ report }, asked) => report.history(asked),
  "GET /api/talkers": ({ report }, asked) => report.talkers(asked),
  "GET /api/failures": ({ report }, asked) => report.failures(asked),
  "POST /api/drain": beginDrain,
  "POST /api/reload": ({ actions }) => actions.reload(),
  "GET /api/config": ({ actions }) => actions.config(),
  "GET /api/events": ({ events }) => {
    events.admit();
    return { status: 200, stream: events };
  },
};

/**
 * Answers a request.
 *
 * @param found Its route and parameter.
 * @param context The context of operations.
 * @throws {AdminError} If the operation fails.
 */
export async function answerRoute(
  found: FoundRoute,
  query: URLSearchParams,
  context: AdminContext,
): Promise<AdminAnswer> {
  const { operation, status = 200, type } = found.route;
  const node = query.get("node");
  if (node !== null) {
    query.delete("node");
    const answer = await askNode({ found, query, node }, context);
    if (answer !== undefined) return answer;
  }
  const parameters = await readParameters(found, query);
  // Each handler returns what its endpoint declares.
  const handle = HANDLERS[operation] as (...all: unknown[]) => unknown;
  const result = await handle(context, parameters);
  return type === undefined ? { status, json: result } : result as TextAnswer;
}

/** An invalid parameter in a path names nothing, which is 404. */
async function readParameters(
  { name, route: { operation, parameter, takes } }: FoundRoute,
  query: URLSearchParams,
): Promise<unknown> {
  if (!takes || takes === "rarely" && query.size === 0) return undefined;
  const { PARAMETERS } = await import("./schema/parameters.ts");
  const given = Object.fromEntries(query);
  for (const key of Object.keys(given)) requireOnce(key, query);
  if (parameter !== undefined) given[parameter] = name;
  const schema = PARAMETERS[operation as keyof typeof PARAMETERS];
  const { data, error } = schema.safeParse(given);
  if (error === undefined) return data;
  const issue = error.issues[0]!;
  if (issue.code === "unrecognized_keys") {
    throw new AdminError(
      "bad_request",
      describeUnknown(
        issue.keys[0]!,
        Object.keys(schema.shape).filter((key) => key !== parameter),
      ),
    );
  }
  const { message, path } = issue;
  const isNone = parameter !== undefined && path[0] === parameter;
  throw new AdminError(isNone ? "not_found" : "bad_request", message);
}

function describeUnknown(name: string, known: readonly string[]): string {
  const shown = JSON.stringify(name.slice(0, 40));
  const others = known.length === 0
    ? "there is none"
    : `use ${known.join(", ")}`;
  return `No parameter is named ${shown}; ${others}`;
}

/** A server cannot know which of two values is meant. */
function requireOnce(name: string, query: URLSearchParams): void {
  if (query.getAll(name).length === 1) return;
  const shown = JSON.stringify(name.slice(0, 40));
  throw new AdminError("bad_request", `The parameter ${shown} is given twice`);
}

function answerReady({ threads, state }: AdminContext): TextAnswer {
  if (state.isDraining) return { status: 503, text: "draining\n" };
  if (!state.isReady) return { status: 503, text: "starting\n" };
  return threads.isServing
    ? { status: 200, text: "ready\n" }
    : { status: 503, text: "no worker\n" };
}

async function endTunnel(
  context: AdminContext,
  { id }: { id: number },
): Promise<void> {
  requireDone(await context.threads.end(id), `No tunnel ${id}`);
  say(context, "admin-connection-ended", `ended connection ${id}`);
}

async function endTunnels(
  context: AdminContext,
  asked: ParametersOf<"DELETE /api/tunnels">,
): Promise<{ ended: number }> {
  const ended = await endMatching(context.threads, asked);
  const which = JSON.stringify(asked.filter);
  const what = `ended ${countOf(ended, "connection")} of ${which}`;
  say(context, "admin-connection-ended", what);
  return { ended };
}

async function banClient(
  context: AdminContext,
  asked: ParametersOf<"POST /api/bans">,
): Promise<BannedAnswer> {
  requireMember(context);
  const { client, time } = readBan(asked);
  const ended = await context.threads.ban(client, time);
  const key = clientKey(client);
  const until = new Date(Date.now() + time).toISOString();
  const what = `banned ${key} for ${formatSpan(time)} and ended ${
    countOf(ended, "connection")
  }`;
  say(context, "admin-client-banned", what);
  return { ban: { key, kind: "client", until, failures: 0 }, ended };
}

async function liftBan(context: AdminContext, ban: BanKey): Promise<void> {
  requireMember(context);
  const done = await context.threads.lift(ban);
  requireDone(done, `No ban of ${ban.key.slice(0, 300)}`);
  const what = `lifted the ban of ${JSON.stringify(ban.key)}`;
  say(context, "admin-ban-lifted", what);
}

/** Bans hold on all nodes. */
function requireMember({ fleet }: AdminContext): void {
  if (fleet()?.role !== "observer") return;
  throw new AdminError(
    "forbidden",
    "This node only observes (--fleet-role), and bans hold on all nodes",
  );
}

/** A busy worker does it later, so the result is unknown. */
function requireDone(done: Done, missing: string): void {
  if (done === "done") return;
  if (done === "none") throw new AdminError("not_found", missing);
  throw new AdminError(
    "busy",
    "A worker does not answer; it will do this when it answers again",
  );
}

async function beginDrain(context: AdminContext): Promise<Drain> {
  const { actions, state, view } = context;
  if (!state.isDraining) {
    say(context, "admin-drain", "the drain begins");
    actions.drain();
  }
  return await view.drain() ?? { until: null, open: 0 };
}

/** Asks another node, and notes what it was asked to change. */
async function askNode(
  request: RelayedRequest,
  context: AdminContext,
): Promise<AdminAnswer | undefined> {
  const answer = await relayRequest(request, context.fleet());
  const { found: { name, route }, node, query } = request;
  if (answer !== undefined && route.method !== "GET") {
    const path = route.path.replace(/\{\w+\}$/, name);
    const what = `${route.method} ${path}${query.size > 0 ? `?${query}` : ""}`;
    say(context, "admin-asked-node", `asked node ${node}: ${what}`);
  }
  return answer;
}

/** Also tells on which node it was asked for. */
function say(
  { caller, log }: AdminContext,
  code: MessageCode,
  what: string,
): void {
  const who = caller === undefined ? "Admin" : `Admin of node ${caller.node}`;
  log(messageEvent("info", code, `${who}: ${what}`));
}
