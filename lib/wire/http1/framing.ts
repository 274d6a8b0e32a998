/**
 * Finds the end of a message's body (RFC 9112 §6.3).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import type { Fields } from "./fields.ts";
import type { RequestHead } from "./request.ts";
import type { ResponseHead } from "./response.ts";

/** How to find the end of a body. */
export type Framing =
  /** The message has no body. */
  | { kind: "none" }
  /** After this number of bytes. */
  | { kind: "length"; length: number }
  /** After the chunk without data and the trailers. */
  | { kind: "chunked" }
  /** At the end of the connection; responses only. */
  | { kind: "close" };

/** Longer numbers are not exact, and not realistic. */
const LENGTH = /^\d{1,15}$/;

const NONE: Framing = { kind: "none" };

/**
 * Finds the end of a request's body.
 *
 * @returns The framing, never `close`.
 * @throws {HttpError} 400 if two recipients could disagree about the end, 501
 *   for codings other than chunked.
 */
export function requestFraming(head: RequestHead): Framing {
  return fieldFraming(head) ?? NONE;
}

/**
 * Tells whether nothing follows the head.
 *
 * @returns Whether the body is missing or empty: `Content-Length: 0` is the
 *   same as no body.
 */
export function isWithoutBody(framing: Framing): boolean {
  return framing.kind === "none" ||
    framing.kind === "length" && framing.length === 0;
}

/**
 * Finds the end of a response's body.
 *
 * @param method Method of the request.
 * @throws {HttpError} If two recipients could disagree about the end.
 */
export function responseFraming(head: ResponseHead, method: string): Framing {
  const framing = fieldFraming(head);
  const { status } = head;
  const isEmpty = method === "HEAD" || status < 200 || status === 204 ||
    status === 304;
  return isEmpty ? NONE : framing ?? { kind: "close" };
}

function fieldFraming(
  { minor, fields }: { minor: 0 | 1; fields: Fields },
): Framing | undefined {
  const lengths = fields.all("content-length");
  if (fields.all("transfer-encoding").length === 0) {
    return lengths.length === 0
      ? undefined
      : { kind: "length", length: parseLength(lengths) };
  }
  // Each case enables request smuggling: recipients follow different fields.
  if (lengths.length > 0) {
    throw ambiguous("both Content-Length and Transfer-Encoding are given");
  }
  if (minor === 0) throw ambiguous("HTTP/1.0 has no Transfer-Encoding");
  checkCodings(fields.all("transfer-encoding"));
  return { kind: "chunked" };
}

function parseLength(lengths: string[]): number {
  // A list of equal numbers means that number (RFC 9110 §8.6).
  const values = lengths.flatMap((value) => value.split(","));
  const [first] = values;
  if (!values.every((value) => value === first)) {
    throw ambiguous("Content-Length has several values");
  }
  if (!LENGTH.test(first!)) {
    throw ambiguous(`Content-Length is ${JSON.stringify(first!.slice(0, 40))}`);
  }
  return Number(first);
}

function checkCodings(values: string[]): void {
  // Not split and trimmed first, because "\x0bchunked" is not "chunked".
  const codings = values.join(",").toLowerCase().split(",");
  if (codings.length === 1 && codings[0] === "chunked") return;
  const isLast = /^[ \t]*chunked$/.test(codings.at(-1)!);
  const isOnce = codings.filter((coding) => coding.includes("chunked"))
    .length === 1;
  const known = codings.slice(0, -1)
    .every((coding) => /^[ \t]*[a-z-]+[ \t]*$/.test(coding));
  if (isLast && isOnce && known) {
    throw new HttpError(501, "Cannot frame message: only chunked is supported");
  }
  throw ambiguous("Transfer-Encoding is not chunked");
}

function ambiguous(state: string): HttpError {
  return new HttpError(400, `Cannot frame message: ${state}`);
}
