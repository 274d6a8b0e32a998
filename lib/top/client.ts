/**
 * Calls to an admin listener.
 *
 * They use `node:http`, because it can connect to Unix sockets and ignores
 * proxy variables of the environment. `fetch` would speak to a Unix socket as
 * if it were a proxy.
 *
 * @module
 */

import { type IncomingMessage, request, type RequestOptions } from "node:http";
import { request as requestTls } from "node:https";
import { Readable } from "node:stream";
import { LimitedBytesTransformStream } from "@std/streams/limited-bytes-transform-stream";
import type { Calls, HttpMethod } from "../admin/endpoints.ts";
import {
  ApiError,
  type CallOptions,
  CHANGING_HEADER,
  readFailure,
} from "../admin/client/api.ts";
import { explainError } from "../observe/explain_error.ts";
import type { AdminAddress } from "./address.ts";

/** Most bytes of an answer; 1,000 talkers need 0.2 million. */
const MOST_BYTES = 16 * 1024 * 1024;

/** Statuses of responses that have no body (Fetch Standard). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Options for {@linkcode AdminClient}. */
export interface ClientOptions {
  /** The token, if the listener needs one. */
  token: string | undefined;
  /** Certificates to trust instead of the usual ones, in PEM. */
  ca?: string | undefined;
  /** Milliseconds to wait for an answer; 0 disables the limit. */
  timeout: number;
}

/** Calls to one admin listener; disposing of it ends them all. */
export class AdminClient implements Disposable {
  /** The address. */
  readonly address: AdminAddress;
  readonly #options: ClientOptions;
  readonly #ended = new AbortController();

  /** Prepares calls, without connecting. */
  constructor(address: AdminAddress, options: ClientOptions) {
    this.address = address;
    this.#options = options;
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
    const within = new LimitedBytesTransformStream(MOST_BYTES, { error: true });
    const body = response.body?.pipeThrough(within);
    const text = await new Response(body).text();
    return (text === "" ? undefined : JSON.parse(text)) as Calls[C];
  }

  /**
   * Opens an endless answer, such as the event stream.
   *
   * @throws {ApiError} If the answer is a failure.
   */
  open(path: string, { limit }: CallOptions = {}): Promise<Response> {
    return this.#send("GET", path, limit?.());
  }

  /** Describes in words why a call failed. */
  describe(error: unknown): string {
    if (error instanceof ApiError) {
      return error.status === 401 ? this.#describeToken() : error.message;
    }
    if (error instanceof SyntaxError || error instanceof RangeError) {
      return "the answer is not from a Sluice admin API";
    }
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return `no answer within ${this.#options.timeout / 1000} s`;
    }
    return explainError(error);
  }

  /** Ends all calls. */
  [Symbol.dispose](): void {
    this.#ended.abort();
  }

  async #send(
    method: HttpMethod,
    path: string,
    limit: AbortSignal | undefined,
  ): Promise<Response> {
    const { ca, token } = this.#options;
    const { isTls, path: base, socket } = this.address;
    const signals = [this.#ended.signal, ...limit === undefined ? [] : [limit]];
    const signal = AbortSignal.any(signals);
    const response = await send(isTls, {
      ..."path" in socket ? { socketPath: socket.path } : socket,
      ...ca === undefined ? {} : { ca },
      method,
      path: base + path,
      headers: {
        host: this.address.host,
        ...token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...method === "GET" ? {} : { [CHANGING_HEADER]: "1" },
      },
      agent: false,
      signal,
    }).catch((error) => {
      throw signal.aborted ? signal.reason : error;
    });
    if (response.ok) return response;
    throw await readFailure(response);
  }

  #describeToken(): string {
    return this.#options.token === undefined
      ? "it needs a token: give --admin-token-file FILE or SLUICE_ADMIN_TOKEN"
      : "the token is wrong";
  }
}

function send(
  isTls: boolean,
  options: RequestOptions & { ca?: string },
): Promise<Response> {
  return new Promise((resolve, reject) => {
    (isTls ? requestTls : request)(options, (message) => {
      resolve(toResponse(message));
    }).on("error", reject).end();
  });
}

function toResponse(message: IncomingMessage): Response {
  const status = message.statusCode ?? 0;
  if (BODILESS.has(status)) {
    message.resume();
    return new Response(null, { status });
  }
  const body = Readable.toWeb(message) as ReadableStream<
    Uint8Array<ArrayBuffer>
  >;
  return new Response(body, { status });
}
