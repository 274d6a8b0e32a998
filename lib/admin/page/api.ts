/**
 * Calls of the admin listener. Where it asks for a token, the person is asked
 * once; it is kept for as long as the tab is open, and never in an address.
 *
 * @module
 */

import type { AdminErrorAnswer } from "../api.ts";
import type { Calls, Method, REQUEST_HEADER } from "../endpoints.ts";

/** Milliseconds until an answer has to be there. */
const PATIENCE = 10_000;

/** What no page from elsewhere can send. */
const HEADER: typeof REQUEST_HEADER = "X-Sluice-Request";

/** Where the token is kept. */
const TOKEN = "sluice-token";

/** An answer other than what was asked for. */
export class ApiError extends Error {
  /** Its HTTP status. */
  readonly status: number;

  /** Constructs the error. */
  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Options for {@linkcode Api.open}. */
export interface CallOptions {
  /** What to do (default: `GET`). */
  method?: Method;
  /**
   * Begins to limit an attempt (default: 10 s for the whole of it). There may
   * be several: in between a person may have looked for the token.
   */
  limit?: () => AbortSignal;
}

/** Calls. */
export class Api {
  readonly #askToken: (isWrong: boolean) => Promise<string>;
  #asking: Promise<string> | undefined;

  /**
   * Constructs it.
   *
   * @param askToken Asks the person; is told whether the last one was wrong.
   */
  constructor(askToken: (isWrong: boolean) => Promise<string>) {
    this.#askToken = askToken;
  }

  /**
   * Makes a call such as `GET /api/status`.
   *
   * @returns Its answer; `undefined` if it has none.
   * @throws {ApiError} If the answer is a failure.
   */
  async call<C extends keyof Calls>(call: C): Promise<Calls[C]> {
    const [method, path] = call.split(" /") as [Method, string];
    const response = await this.open(path, { method });
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as Calls[C];
  }

  /**
   * Calls, and asks for a token where one is needed.
   *
   * @throws {ApiError} If the answer is a failure.
   */
  async open(path: string, options: CallOptions = {}): Promise<Response> {
    for (;;) {
      const token = sessionStorage.getItem(TOKEN);
      const response = await call(path, token, options);
      if (response.ok) return response;
      if (response.status !== 401) throw await failure(response);
      await response.body?.cancel();
      // Another call may have been given a newer one meanwhile.
      if (sessionStorage.getItem(TOKEN) !== token) continue;
      this.#asking ??= this.#askToken(token !== null);
      const given = await this.#asking.finally(() => this.#asking = undefined);
      sessionStorage.setItem(TOKEN, given);
    }
  }
}

function call(
  path: string,
  token: string | null,
  { method = "GET", limit = () => AbortSignal.timeout(PATIENCE) }: CallOptions,
): Promise<Response> {
  const headers = new Headers();
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  if (method !== "GET") headers.set(HEADER, "1");
  return fetch(path, {
    method,
    headers,
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    signal: limit(),
  });
}

/** Says in words why a call has failed. */
export function describeFailure(error: unknown): string {
  if (error instanceof ApiError || error instanceof RangeError) {
    return error.message;
  }
  const isLate = error instanceof DOMException && error.name === "TimeoutError";
  return isLate
    ? `no answer within ${PATIENCE / 1000} s`
    : "the server cannot be reached";
}

async function failure(response: Response): Promise<ApiError> {
  const { status } = response;
  try {
    const { error } = await response.json() as AdminErrorAnswer;
    return new ApiError(status, error.message);
  } catch {
    return new ApiError(status, `the server answered ${status}`);
  }
}
