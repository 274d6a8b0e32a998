/**
 * Calls of an admin listener.
 *
 * @module
 */

import type { Calls, HttpMethod, REQUEST_HEADER } from "../admin/endpoints.ts";
import {
  ApiError,
  type CallOptions,
  readFailure,
} from "../admin/page/server/api.ts";
import { explainError } from "../observe/explain_error.ts";
import type { AdminAddress } from "./address.ts";

/** The header of every call that changes something. */
const HEADER: typeof REQUEST_HEADER = "X-Sluice-Request";

/** Most bytes of an answer: 20,000 tunnels need some 10 million. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Options for {@linkcode AdminClient}. */
export interface ClientOptions {
  /** The token, if the listener needs one. */
  token: string | undefined;
  /** Certificates to trust in addition to the usual ones, in PEM. */
  ca?: string | undefined;
  /** Milliseconds to wait for an answer; 0 disables the limit. */
  timeout: number;
}

/** Calls of one admin listener; disposing of it ends them all. */
export class AdminClient implements Disposable {
  /** The address. */
  readonly address: AdminAddress;
  readonly #options: ClientOptions;
  readonly #client: Deno.HttpClient;
  readonly #ended = new AbortController();

  /** Prepares calls, without connecting. */
  constructor(address: AdminAddress, options: ClientOptions) {
    this.address = address;
    this.#options = options;
    const { socket } = address;
    const { ca } = options;
    this.#client = Deno.createHttpClient({
      // An explicit socket also keeps HTTP_PROXY out of it.
      proxy: "path" in socket
        ? { transport: "unix", path: socket.path }
        : { transport: "tcp", ...socket },
      ...ca === undefined ? {} : { caCerts: [ca] },
    });
  }

  /**
   * Makes a call such as `GET /api/status`.
   *
   * @returns Its answer; `undefined` if it has none.
   * @throws {ApiError} If the answer is a failure.
   */
  async call<C extends keyof Calls>(call: C): Promise<Calls[C]> {
    const [method, path] = call.split(" /") as [HttpMethod, string];
    const { timeout } = this.#options;
    const limit = timeout > 0 ? AbortSignal.timeout(timeout) : undefined;
    const response = await this.#send(method, path, limit);
    const text = await readText(response);
    return (text === "" ? undefined : JSON.parse(text)) as Calls[C];
  }

  /**
   * Opens an answer that has no end.
   *
   * @throws {ApiError} If the answer is a failure.
   */
  open(path: string, { limit }: CallOptions = {}): Promise<Response> {
    return this.#send("GET", path, limit?.());
  }

  /**
   * Says in words why a call has failed. It tries to connect, because `fetch`
   * hides why it could not.
   */
  async describe(error: unknown): Promise<string> {
    if (error instanceof ApiError) {
      return error.status === 401 ? this.#describeToken() : error.message;
    }
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return "it does not answer as the admin API does";
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return `no answer within ${this.#options.timeout / 1000} s`;
    }
    return await this.#describeSocket() ?? explainCause(error);
  }

  [Symbol.dispose](): void {
    if (this.#ended.signal.aborted) return;
    this.#ended.abort();
    this.#client.close();
  }

  async #send(
    method: HttpMethod,
    path: string,
    limit: AbortSignal | undefined,
  ): Promise<Response> {
    const { token } = this.#options;
    const signals = [this.#ended.signal, ...limit === undefined ? [] : [limit]];
    const response = await fetch(`${this.address.url}${path}`, {
      method,
      headers: {
        ...token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...method === "GET" ? {} : { [HEADER]: "1" },
      },
      redirect: "error",
      client: this.#client,
      signal: AbortSignal.any(signals),
    });
    if (response.ok) return response;
    throw await readFailure(response);
  }

  #describeToken(): string {
    return this.#options.token === undefined
      ? "it needs a token: give --admin-token-file FILE or SLUICE_ADMIN_TOKEN"
      : "the token is wrong";
  }

  /** Returns why the socket cannot be reached; `undefined` if it can. */
  async #describeSocket(): Promise<string | undefined> {
    const { socket } = this.address;
    const { timeout } = this.#options;
    try {
      using _closing = "path" in socket
        ? await Deno.connect({ transport: "unix", path: socket.path })
        : await Deno.connect({
          ...socket,
          signal: AbortSignal.any([
            this.#ended.signal,
            ...timeout > 0 ? [AbortSignal.timeout(timeout)] : [],
          ]),
        });
      return undefined;
    } catch (error) {
      return explainError(error);
    }
  }
}

/** Reads an answer up to a bound. */
async function readText(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const bytes of response.body) {
    length += bytes.length;
    if (length > MOST_BYTES) {
      throw new RangeError(`Cannot read answer: over ${MOST_BYTES} bytes`);
    }
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

/** `fetch` puts the reason into the cause, after the phases that it passed. */
function explainCause(error: unknown): string {
  const { cause } = error as Error;
  return explainError(cause ?? error).replace(
    /^error sending [^(]*\([^)]*\): /,
    "",
  );
}
