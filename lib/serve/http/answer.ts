/**
 * The proxy's own answers: small, plain, and for people.
 *
 * @module
 */

import { concat } from "@std/bytes/concat";
import { STATUS_TEXT } from "@std/http/status";
import { Refusal } from "../../policy/limits/refusal.ts";
import type { Field } from "../../wire/http1/fields.ts";
import { encodeHead } from "../../wire/http1/head.ts";
import { describeError } from "../../observe/describe_error.ts";
import { statusFor } from "./status_table.ts";

/** Options for {@linkcode encodeAnswer}. */
export interface AnswerOptions {
  /** Method of the request: HEAD gets no body (RFC 9110 §9.3.2). */
  method?: string | undefined;
  /** What to say in `Connection` (default `close`). */
  connection?: "close" | "keep-alive";
  /** Further fields. */
  fields?: readonly Field[];
}

/**
 * Encodes the answer to a request that failed.
 *
 * @param error Any error.
 * @param options The request's method, and fields of the answer.
 * @returns The whole response.
 */
export function encodeAnswer(
  error: unknown,
  { method, connection = "close", fields = [] }: AnswerOptions = {},
): Uint8Array<ArrayBuffer> {
  const status = statusFor(error);
  // Unexpected errors go to the log only: they may reveal internals.
  const text = status === 500 ? "Internal error" : describeError(error);
  const body = new TextEncoder().encode(`${text}\n`);
  const head = encodeHead(`HTTP/1.1 ${status} ${STATUS_TEXT[status] ?? ""}`, [
    ...challenge(status),
    ...retryAfter(error),
    ...fields,
    ["Content-Type", "text/plain; charset=utf-8"],
    ["Content-Length", String(body.length)],
    ["Connection", connection],
  ]);
  if (method === "HEAD") return head;
  return concat([head, body]);
}

/** A 407 has to say how to authenticate (RFC 9110 §11.7.1). */
function challenge(status: number): Field[] {
  return status === 407 ? [["Proxy-Authenticate", 'Basic realm="sluice"']] : [];
}

/** When it is worth while to ask again (RFC 9110 §10.2.3, RFC 6585 §4). */
function retryAfter(error: unknown): Field[] {
  const seconds = error instanceof Refusal ? error.retryAfter : undefined;
  return seconds === undefined ? [] : [["Retry-After", String(seconds)]];
}
