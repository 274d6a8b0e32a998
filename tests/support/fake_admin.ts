/**
 * An admin listener without a proxy. It serves the API with invented tunnels,
 * for tests of the page and for people to look at.
 *
 * ```text
 * Usage: deno run -A tests/support/fake_admin.ts [TUNNELS [CHANGES [TURNOVER [PORT]]]]
 * ```
 *
 * @module
 */

import { adminPage, PAGE_POLICY } from "../../lib/admin/page_files.ts";
import {
  answerClosed,
  answerFailures,
  answerHistory,
  answerTalkers,
  matching,
} from "./fake_insight.ts";
import type { FleetRole } from "../../lib/serve/counts/fleet_nodes.ts";
import { fakeFleet } from "./fake_fleet.ts";
import { FakeTraffic, type FakeTrafficOptions } from "./fake_traffic.ts";

/** Options for {@linkcode startFakeAdmin}. */
export interface FakeAdminOptions extends FakeTrafficOptions {
  /** Milliseconds between ticks (default: 1000). A change has its own tick. */
  tick?: number;
  /** Token that each call must carry (default: none). */
  token?: string;
  /** Port (default: any). */
  port?: number;
  /** Nodes of its fleet besides itself, `node-1` and on (default: no fleet). */
  nodes?: number;
  /** What it may do to other nodes (default: member). */
  role?: FleetRole;
  /** Whether it says that it ends (default: it is lost). */
  saysEnd?: boolean;
}

/** A received call. */
export interface FakeCall {
  method: string;
  /** Path with its query. */
  path: string;
  headers: Headers;
}

/** The server. Disposing of it ends it. */
export interface FakeAdmin extends AsyncDisposable {
  /** Address of the page. */
  readonly url: string;
  /** Received calls, except reads. */
  readonly calls: readonly FakeCall[];
}

/** Starts the server. */
export function startFakeAdmin(options: FakeAdminOptions = {}): FakeAdmin {
  const answers = new Answers(options);
  const ended = new AbortController();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: options.port ?? 0, onListen() {} },
    (request) => {
      const url = new URL(request.url);
      const file = adminPage(url.pathname);
      if (file !== undefined) {
        const headers = {
          "content-type": `${file.type}; charset=utf-8`,
          "content-security-policy": PAGE_POLICY,
          "x-content-type-options": "nosniff",
        };
        return new Response(file.text, { headers });
      }
      return answers.answer(request, url, ended.signal);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    calls: answers.calls,
    async [Symbol.asyncDispose]() {
      ended.abort();
      await server.shutdown();
    },
  };
}

/** The fault of a file at its first reload. */
export const RELOAD_PROBLEM =
  "sluice.jsonc:5:12: listeners[0].<i>: there is no such setting";

class Answers {
  readonly calls: FakeCall[] = [];
  /** Sends a tick to each reader of events. */
  readonly #tickers = new Set<() => void>();
  readonly #options: FakeAdminOptions;
  /** Its own, and with a fleet that of the other nodes. */
  readonly #own: FakeTraffic;
  readonly #others: FakeTraffic;
  #traffic: FakeTraffic;

  constructor(options: FakeAdminOptions) {
    this.#options = options;
    this.#traffic = this.#own = new FakeTraffic(options);
    if (options.nodes !== undefined) this.#own.node = "node-0";
    this.#others = options.nodes === undefined
      ? this.#own
      : new FakeTraffic({ ...options, turnover: 0 });
  }

  answer(request: Request, url: URL, signal: AbortSignal): Response {
    const { method, headers } = request;
    const { token } = this.#options;
    if (
      token !== undefined && headers.get("authorization") !== `Bearer ${token}`
    ) return failure(401, "unauthorized", "A token is needed");
    const isOther = url.searchParams.has("node");
    // Nothing else happens before it has answered.
    this.#traffic = isOther ? this.#others : this.#own;
    if (isOther) this.#others.tick();
    if (method === "GET") {
      return url.pathname === "/api/events"
        ? this.#events(signal)
        : this.#read(url);
    }
    this.calls.push({ method, path: url.pathname + url.search, headers });
    if (headers.get("x-sluice-request") !== "1") {
      return failure(403, "forbidden", "X-Sluice-Request is missing");
    }
    const response = this.#change(method, url);
    for (const tick of this.#tickers) tick();
    return response;
  }

  #read({ pathname, searchParams }: URL): Response {
    const traffic = this.#traffic;
    const filter = searchParams.get("filter") ?? "";
    switch (pathname) {
      case "/api/fleet": {
        const { nodes, role } = this.#options;
        return nodes === undefined
          ? failure(404, "not_found", "This program is not part of a fleet")
          : Response.json(fakeFleet(nodes, role));
      }
      case "/api/status": {
        const { status } = traffic;
        const node = searchParams.get("node") ?? status.node;
        return Response.json({ ...status, node });
      }
      case "/api/pools":
        return Response.json({ pools: traffic.pools });
      case "/api/bans":
        return Response.json({ bans: traffic.bans });
      case "/api/history":
        return Response.json(answerHistory(traffic, searchParams));
      case "/api/talkers":
        return Response.json(answerTalkers(traffic, searchParams));
      case "/api/failures":
        return Response.json(answerFailures(traffic, searchParams));
      case "/api/closed":
        return Response.json(answerClosed(traffic, searchParams));
      case "/api/tunnels": {
        const found = matching(traffic.tunnels, filter);
        const limit = Number(searchParams.get("limit"));
        const tunnels = found.slice(0, limit);
        return Response.json({ tunnels, matching: found.length });
      }
      case "/api/export": {
        const list = searchParams.get("list") === "tunnels"
          ? traffic.tunnels
          : traffic.closed;
        return Response.json(matching(list, filter));
      }
      default:
        return failure(404, "not_found", `No ${pathname}`);
    }
  }

  #change(method: string, { pathname, searchParams }: URL): Response {
    const [, what, key = ""] = /^\/api\/(\w+)\/?(.*)$/.exec(pathname) ?? [];
    const get = (name: string) => searchParams.get(name) ?? "";
    switch (`${method} ${what}`) {
      case "DELETE tunnels":
        if (key === "") return this.#killAll(get("filter"), get("expect"));
        return this.#traffic.kill(Number(key))
          ? new Response(null, { status: 204 })
          : failure(404, "not_found", `No tunnel ${key}`);
      case "DELETE bans":
        return this.#traffic.lift(decodeURIComponent(key), get("kind"))
          ? new Response(null, { status: 204 })
          : failure(404, "not_found", `No ban of ${key}`);
      case "POST bans": {
        const minutes = parseInt(get("for")) * (/h$/.test(get("for")) ? 60 : 1);
        return Response.json(this.#traffic.ban(get("client"), minutes));
      }
      case "POST drain":
        return Response.json(this.#traffic.drain(), { status: 202 });
      case "POST reload":
        return this.#reload();
      default:
        return failure(404, "not_found", `No ${pathname}`);
    }
  }

  #killAll(filter: string, expect: string): Response {
    const found = matching(this.#traffic.tunnels, filter);
    if (found.length > Number(expect)) {
      return failure(409, "conflict", `${found.length} match now`);
    }
    for (const { id } of found) this.#traffic.kill(id);
    return Response.json({ ended: found.length });
  }

  /** Fails the first time. */
  #reload(): Response {
    return this.calls.filter(({ path }) => path === "/api/reload").length > 1
      ? Response.json({ reloaded: ["sluice.jsonc", "users.txt"] })
      : failure(422, "reload_failed", RELOAD_PROBLEM);
  }

  #events(signal: AbortSignal): Response {
    const encoder = new TextEncoder();
    const gone = new AbortController();
    let ticks = 0;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        const send = (name: string, value: unknown) =>
          controller.enqueue(encoder.encode(
            `event: ${name}\ndata: ${JSON.stringify(value)}\n\n`,
          ));
        const { status, tunnels } = this.#own;
        send("snapshot", { status, tunnels });
        const tick = () => {
          try {
            send("tick", this.#own.tick());
            if (++ticks % 5 === 0) send("history", this.#own.newest());
          } catch {
            // The reader has gone, without an event.
            gone.abort();
          }
        };
        const timer = setInterval(tick, this.#options.tick ?? 1_000);
        this.#tickers.add(tick);
        gone.signal.addEventListener("abort", () => {
          clearInterval(timer);
          this.#tickers.delete(tick);
        });
        signal.addEventListener("abort", () => {
          gone.abort();
          if (this.#options.saysEnd) send("end", {});
          controller.close();
        }, { signal: gone.signal });
      },
      cancel: () => gone.abort(),
    });
    return new Response(body, {
      headers: { "content-type": "text/event-stream" },
    });
  }
}

function failure(status: number, code: string, message: string): Response {
  return Response.json({ error: { code, message } }, { status });
}

if (import.meta.main) {
  const [tunnels = "40", changes = "10", turnover = "1", port = "9099"] =
    Deno.args;
  startFakeAdmin({
    tunnels: Number(tunnels),
    changes: Number(changes),
    turnover: Number(turnover),
    port: Number(port),
    isEmpty: tunnels === "0",
  });
}
