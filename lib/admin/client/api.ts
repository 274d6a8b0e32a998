/**
 * Calls of the admin listener. If it requires a token, the page asks the person
 * once. The token is kept while the tab is open, and never in a URL.
 *
 * @module
 */

import type { AdminErrorAnswer } from "../api.ts";
import type { Calls, HttpMethod, REQUEST_HEADER } from "../endpoints.ts";

/** Milliseconds to wait for an answer. */
const PATIENCE = 10_000;

/**
 * The header of calls that change something, which no page of another site can
 * send.
 */
export const CHANGING_HEADER: typeof REQUEST_HEADER = "X-Sluice-Request";

/** What is the same on all nodes. */
const FLEET = "api/fleet";

/** Key of the token in the session storage. */
const TOKEN = "sluice-token";

/** The error for a failed call. */
export class ApiError extends Error {
  /** Its HTTP status. */
  readonly status: number;

  /** Creates the error. */
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Options for {@linkcode Api.open}. */
export interface CallOptions {
  /** Method (default: `GET`). */
  method?: HttpMethod;
  /**
   * Creates the time limit of an attempt (default 10 s). There may be several
   * attempts while a person looks for the token.
   */
  limit?: () => AbortSignal;
}

/** Calls. */
export class Api {
  readonly #askToken: (isWrong: boolean) => Promise<string>;
  /** The node of the fleet that is asked (default: the one with the page). */
  node: string | undefined;
  #asking: Promise<string> | undefined;

  /**
   * Prepares calls.
   *
   * @param askToken Asks the person for a token; its argument is whether the
   *   last token was wrong.
   */
  constructor(askToken: (isWrong: boolean) => Promise<string>) {
    this.#askToken = askToken;
  }

  /** Names the node in a question; empty for the one with the page. */
  get where(): string {
    return this.node === undefined ? "" : ` on node ${this.node}`;
  }

  /**
   * Makes a call such as `GET /api/status`.
   *
   * @returns Its answer; `undefined` if it has none.
   * @throws {ApiError} If the answer is a failure.
   */
  async call<C extends keyof Calls>(call: C): Promise<Calls[C]> {
    const [method, path] = call.split(" /") as [HttpMethod, string];
    const response = await this.open(path, { method });
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as Calls[C];
  }

  /**
   * Makes a call, and asks for a token if required.
   *
   * @throws {ApiError} If the answer is a failure.
   */
  async open(path: string, options: CallOptions = {}): Promise<Response> {
    const target = targetOf(path, this.node);
    for (;;) {
      const token = sessionStorage.getItem(TOKEN);
      const response = await call(target, token, options);
      if (response.ok) return response;
      if (response.status !== 401) throw await readFailure(response);
      await response.body?.cancel();
      // Another call may have obtained a newer token meanwhile.
      if (sessionStorage.getItem(TOKEN) !== token) continue;
      this.#asking ??= this.#askToken(token !== null);
      const given = await this.#asking.finally(() => this.#asking = undefined);
      sessionStorage.setItem(TOKEN, given);
    }
  }
}

/** Every node knows the fleet. */
function targetOf(path: string, node: string | undefined): string {
  if (node === undefined || path === FLEET) return path;
  const mark = path.includes("?") ? "&" : "?";
  return `${path}${mark}node=${encodeURIComponent(node)}`;
}

function call(
  path: string,
  token: string | null,
  { method = "GET", limit = () => AbortSignal.timeout(PATIENCE) }: CallOptions,
): Promise<Response> {
  const headers = new Headers();
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  if (method !== "GET") headers.set(CHANGING_HEADER, "1");
  return fetch(path, {
    method,
    headers,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    signal: limit(),
  });
}

/** Describes in words why a call failed. */
export function describeFailure(error: unknown): string {
  if (error instanceof ApiError || error instanceof RangeError) {
    return error.message;
  }
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return isLate
    ? `no answer within ${PATIENCE / 1000} s`
    : "the server cannot be reached";
}

/** Reads the error from the answer to a failed call. */
export async function readFailure(response: Response): Promise<ApiError> {
  const { status } = response;
  try {
    const { error } = await response.json() as AdminErrorAnswer;
    return new ApiError(status, error.message);
  } catch {
    return new ApiError(status, `the server answered ${status}`);
  }
}
