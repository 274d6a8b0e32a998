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
  FakeTraffic,
  type FakeTrafficOptions,
  HISTORY_STEP,
} from "./fake_traffic.ts";

/** Options for {@linkcode startFakeAdmin}. */
export interface FakeAdminOptions extends FakeTrafficOptions {
  /** Milliseconds between ticks (default: 1000). */
  tick?: number;
  /** Token that each call must carry (default: none). */
  token?: string;
  /** Port (default: any). */
  port?: number;
}

/** A received call. */
export interface FakeCall {
  method: string;
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
      const { pathname, searchParams } = new URL(request.url);
      const file = adminPage(pathname);
      if (file !== undefined) {
        const headers = {
          "content-type": `${file.type}; charset=utf-8`,
          "content-security-policy": PAGE_POLICY,
          "x-content-type-options": "nosniff",
        };
        return new Response(file.text, { headers });
      }
      const path = { pathname, kind: searchParams.get("kind") ?? "client" };
      return answers.answer(request, path, ended.signal);
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

/** A request. */
interface Asked {
  pathname: string;
  /** Kind of a ban. */
  kind: string;
}

class Answers {
  readonly calls: FakeCall[] = [];
  readonly #options: FakeAdminOptions;
  readonly #traffic: FakeTraffic;

  constructor(options: FakeAdminOptions) {
    this.#options = options;
    this.#traffic = new FakeTraffic(options);
  }

  answer(request: Request, asked: Asked, signal: AbortSignal): Response {
    const { method, headers } = request;
    const { pathname: path } = asked;
    const { token } = this.#options;
    if (
      token !== undefined && headers.get("authorization") !== `Bearer ${token}`
    ) return failure(401, "unauthorized", "A token is needed");
    if (method === "GET") {
      return path === "/api/events" ? this.#events(signal) : this.#read(path);
    }
    this.calls.push({ method, path, headers });
    if (headers.get("x-sluice-request") !== "1") {
      return failure(403, "forbidden", "X-Sluice-Request is missing");
    }
    return this.#change(method, asked);
  }

  #read(path: string): Response {
    const { status, closed, refusals, pools, bans, history } = this.#traffic;
    const answers: Record<string, unknown> = {
      "/api/status": status,
      "/api/closed": { closed: closed.slice(-500) },
      "/api/refusals": { refusals },
      "/api/pools": { pools },
      "/api/bans": { bans },
      "/api/history": { stepMs: HISTORY_STEP, points: history },
    };
    if (path in answers) return Response.json(answers[path]);
    return failure(404, "not_found", `No ${path}`);
  }

  #change(method: string, { kind, pathname: path }: Asked): Response {
    const [, what, key = ""] = /^\/api\/(\w+)\/?(.*)$/.exec(path) ?? [];
    switch (`${method} ${what}`) {
      case "DELETE tunnels":
        return this.#traffic.kill(Number(key))
          ? new Response(null, { status: 204 })
          : failure(404, "not_found", `No tunnel ${key}`);
      case "DELETE bans":
        return this.#traffic.lift(decodeURIComponent(key), kind)
          ? new Response(null, { status: 204 })
          : failure(404, "not_found", `No ban of ${key}`);
      case "POST drain":
        return Response.json(this.#traffic.drain(), { status: 202 });
      case "POST reload":
        return this.#reload();
      default:
        return failure(404, "not_found", `No ${path}`);
    }
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
        const { status, tunnels } = this.#traffic;
        send("snapshot", { status, tunnels });
        const timer = setInterval(() => {
          try {
            send("tick", this.#traffic.tick());
            if (++ticks % 5 === 0) send("history", this.#traffic.newest());
          } catch {
            // The reader has gone, without an event.
            gone.abort();
          }
        }, this.#options.tick ?? 1_000);
        gone.signal.addEventListener("abort", () => clearInterval(timer));
        signal.addEventListener("abort", () => {
          gone.abort();
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
