/**
 * The head of a response (RFC 9112 §4).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import type { Fields } from "./fields.ts";
import type { Head } from "./head.ts";

/** The head of a target's response. */
export interface ResponseHead {
  /** Status code, 100 to 999. */
  status: number;
  /** Reason phrase as sent; it may be empty. */
  reason: string;
  /** Minor version: 0 for HTTP/1.0, 1 for every later version. */
  minor: 0 | 1;
  /** The fields in order. */
  fields: Fields;
}

/** Many servers omit the space before an empty reason. */
const STATUS_LINE =
  /^HTTP\/1\.(\d) ([1-9]\d{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/**
 * Parses the status line of a head.
 *
 * ```text
 * status-line = HTTP-version SP status-code SP [ reason-phrase ]
 * ```
 *
 * @returns The response. Its fields are not checked.
 * @throws {HttpError} 502 if the line has another form.
 */
export function parseResponseHead(head: Head): ResponseHead {
  const [, minor, status, reason = ""] = STATUS_LINE.exec(head.startLine) ?? [];
  if (minor === undefined) {
    const line = JSON.stringify(head.startLine.slice(0, 40));
    throw new HttpError(502, `Cannot parse status line: it is ${line}`);
  }
  return {
    status: Number(status),
    reason,
    minor: minor === "0" ? 0 : 1,
    fields: head.fields,
  };
}

/**
 * Tells whether the target's connection can be reused (RFC 9112 §9.3).
 *
 * @returns Whether it can; never with HTTP/1.0.
 */
export function isReusable({ minor, fields }: ResponseHead): boolean {
  return minor === 1 && !fields.tokens("connection").includes("close");
}
