/**
 * What the admin listener serves: one table of paths and methods.
 *
 * @module
 */

import type { AdminEvents } from "./events.ts";
import { AdminError } from "./error.ts";
import type { HistoryAnswer, HistoryPoint, ReloadAnswer } from "./api.ts";
import type { AdminView } from "./view.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { OPEN_API } from "./openapi.ts";
import type { DrainState } from "./drain_state.ts";
import type { Done, Parts } from "./parts.ts";

/** What the operator can make the program do. */
export interface AdminActions {
  /** Begins to drain; again does nothing. */
  drain(): void;
  /**
   * Reads again what the program was configured with.
   *
   * @returns What was read, a file each.
   * @throws {AdminError} `reload_failed`, where something stays as it was.
   */
  reload(): Promise<ReloadAnswer>;
  /** The configuration as it holds, without secrets; for `JSON.stringify`. */
  config(): unknown;
}

/** What routes work with. */
export interface AdminContext {
  /** What there is to tell. */
  readonly view: AdminView;
  /** What takes connections. */
  readonly parts: Parts;
  /** How far the server is. */
  readonly state: DrainState;
  /** The event stream. */
  readonly events: AdminEvents;
  /** The last hour. */
  readonly history: { stepMs: number; points: readonly HistoryPoint[] };
  /** The figures as Prometheus reads them. */
  readonly figures: () => Promise<{ type: string; text: string }>;
  /** What can be done. */
  readonly actions: AdminActions;
  /** Takes what there is to log. */
  readonly log: (event: LogEvent) => void;
}

/** What is answered. */
export type AdminAnswer =
  | { status: 200 | 202 | 422; json: unknown }
  | { status: 200 | 503; text: string; type?: string }
  | { status: 204 }
  | { status: 200; stream: AdminEvents };

/** A path and a method of it. */
export interface AdminRoute {
  /** Method; GET is for HEAD too. */
  readonly method: "GET" | "POST" | "DELETE";
  /** Path; `{…}` at its end stands for what is to be named. */
  readonly path: string;
  /** Whether it is served to whoever does not know the token. */
  readonly isOpen?: true;
  /**
   * Answers a request.
   *
   * @param context What routes work with.
   * @param name What is named in the path, decoded.
   * @param query The query.
   */
  readonly answer: (
    context: AdminContext,
    name: string,
    query: URLSearchParams,
  ) => AdminAnswer | Promise<AdminAnswer>;
}

/** All that is served but the page. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  {
    method: "GET",
    path: "/healthz",
    isOpen: true,
    answer: () => ({ status: 200, text: "ok\n" }),
  },
  { method: "GET", path: "/readyz", isOpen: true, answer: answerReady },
  { method: "GET", path: "/metrics", answer: answerFigures },
  {
    method: "GET",
    path: "/api/openapi.json",
    answer: () => ({ status: 200, json: OPEN_API }),
  },
  {
    method: "GET",
    path: "/api/status",
    answer: async ({ view }) => ({ status: 200, json: await view.status() }),
  },
  {
    method: "GET",
    path: "/api/tunnels",
    answer: async ({ view }) => ({ status: 200, json: await view.tunnels() }),
  },
  { method: "DELETE", path: "/api/tunnels/{id}", answer: endTunnel },
  {
    method: "GET",
    path: "/api/closed",
    answer: async ({ parts }) => ({
      status: 200,
      json: { closed: await parts.closed() },
    }),
  },
  {
    method: "GET",
    path: "/api/refusals",
    answer: async ({ view }) => ({
      status: 200,
      json: { refusals: await view.refusals() },
    }),
  },
  {
    method: "GET",
    path: "/api/pools",
    answer: async ({ parts }) => ({
      status: 200,
      json: { pools: (await parts.figures()).upstreams },
    }),
  },
  {
    method: "GET",
    path: "/api/bans",
    answer: async ({ parts }) => ({
      status: 200,
      json: { bans: await parts.bans() },
    }),
  },
  { method: "DELETE", path: "/api/bans/{key}", answer: liftBan },
  { method: "GET", path: "/api/history", answer: answerHistory },
  { method: "POST", path: "/api/drain", answer: beginDrain },
  {
    method: "POST",
    path: "/api/reload",
    answer: async ({ actions }) => ({
      status: 200,
      json: await actions.reload(),
    }),
  },
  {
    method: "GET",
    path: "/api/config",
    answer: ({ actions }) => ({ status: 200, json: actions.config() }),
  },
  { method: "GET", path: "/api/events", answer: answerEvents },
];

/** A route that was found, and what its path names. */
export interface FoundRoute {
  /** The route. */
  readonly route: AdminRoute;
  /** What its path names, decoded; empty where it has no place for it. */
  readonly name: string;
}

/**
 * Finds the route of a request.
 *
 * @param method Method; HEAD is taken for GET.
 * @param path Path as sent, without its query.
 * @returns The route; `undefined` where the path is none of them.
 * @throws {AdminError} `bad_request` for a name that can't be decoded.
 * @throws {MethodError} If the path has other methods.
 */
export function findRoute(
  method: string,
  path: string,
): FoundRoute | undefined {
  const wanted = method === "HEAD" ? "GET" : method;
  const others: string[] = [];
  for (const route of ADMIN_ROUTES) {
    const name = nameIn(route.path, path);
    if (name === undefined) continue;
    if (route.method === wanted) return { route, name: decode(name) };
    others.push(route.method === "GET" ? "GET, HEAD" : route.method);
  }
  if (others.length === 0) return undefined;
  throw new MethodError(method, others.join(", "));
}

/** A method that a path does not have. */
export class MethodError extends AdminError {
  /** Methods that it has, for `Allow`. */
  readonly allow: string;

  /**
   * Constructs an error.
   *
   * @param method The method that it does not have.
   * @param allow Those that it has.
   */
  constructor(method: string, allow: string) {
    super("method_not_allowed", `Cannot serve ${method} here, only ${allow}`);
    this.name = "MethodError";
    this.allow = allow;
  }
}

/** What a path names where a route has a place for it; empty where not. */
function nameIn(pattern: string, path: string): string | undefined {
  const brace = pattern.indexOf("{");
  if (brace < 0) return path === pattern ? "" : undefined;
  const name = path.slice(brace);
  const isFit = path.startsWith(pattern.slice(0, brace)) && name !== "" &&
    !name.includes("/");
  return isFit ? name : undefined;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AdminError("bad_request", "The path is not percent-encoded");
  }
}

function answerReady({ parts, state }: AdminContext): AdminAnswer {
  if (state.isDraining) return { status: 503, text: "draining\n" };
  if (!state.isReady) return { status: 503, text: "starting\n" };
  return parts.isServing
    ? { status: 200, text: "ready\n" }
    : { status: 503, text: "no worker\n" };
}

async function answerFigures({ figures }: AdminContext): Promise<AdminAnswer> {
  return { status: 200, ...await figures() };
}

function answerHistory({ history }: AdminContext): AdminAnswer {
  const { points, stepMs } = history;
  const json: HistoryAnswer = { stepMs, points: [...points] };
  return { status: 200, json };
}

async function endTunnel(
  { log, parts }: AdminContext,
  name: string,
): Promise<AdminAnswer> {
  const isNumber = /^[1-9]\d{0,14}$/.test(name);
  const done = isNumber ? await parts.end(Number(name)) : "none";
  requireDone(done, `No tunnel ${name.slice(0, 40)}`);
  say(log, `Admin: connection ${name} is ended`);
  return { status: 204 };
}

async function liftBan(
  { log, parts }: AdminContext,
  key: string,
  query: URLSearchParams,
): Promise<AdminAnswer> {
  const kind = query.get("kind") ?? "client";
  if (kind !== "client" && kind !== "user") {
    throw new AdminError("bad_request", "The kind of a ban is client or user");
  }
  requireDone(
    await parts.lift({ key, kind }),
    `No ban of ${key.slice(0, 300)}`,
  );
  say(log, `Admin: the ban of ${JSON.stringify(key)} is lifted`);
  return { status: 204 };
}

/** A worker that is busy does it later; whether there was one is not known. */
function requireDone(done: Done, missing: string): void {
  if (done === "done") return;
  if (done === "none") throw new AdminError("not_found", missing);
  throw new AdminError(
    "busy",
    "A worker does not answer; it is told, and will do it when it can",
  );
}

async function beginDrain(
  { actions, log, state, view }: AdminContext,
): Promise<AdminAnswer> {
  if (!state.isDraining) {
    say(log, "Admin: a drain begins");
    actions.drain();
  }
  const json = await view.drain() ?? { until: null, open: 0 };
  return { status: 202, json };
}

function answerEvents({ events }: AdminContext): AdminAnswer {
  events.admit();
  return { status: 200, stream: events };
}

function say(log: AdminContext["log"], message: string): void {
  log({ event: "message", level: "info", message });
}
