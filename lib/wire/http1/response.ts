/**
 * The head of a response (RFC 9112 §4).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import type { Fields } from "./fields.ts";
import type { Head } from "./head.ts";

/** What a target answers. */
export interface ResponseHead {
  /** Status code, 100 to 999. */
  status: number;
  /** Reason phrase as sent; it may be empty. */
  reason: string;
  /** Minor version: 0, or 1 for every later one. */
  minor: 0 | 1;
  /** Fields in their order. */
  fields: Fields;
}

/** The space before an empty reason is often left out. */
const STATUS_LINE =
  /^HTTP\/1\.(\d) ([1-9]\d{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;

/**
 * Parses the status line of a head.
 *
 * ```text
 * status-line = HTTP-version SP status-code SP [ reason-phrase ]
 * ```
 *
 * @returns The response; its fields are not judged.
 * @throws {HttpError} 502 where the line has another form.
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
 * Tells whether the target's connection may be used again (RFC 9112 §9.3).
 *
 * @param head The response.
 * @returns Whether it may; never with HTTP/1.0.
 */
export function isReusable({ minor, fields }: ResponseHead): boolean {
  return minor === 1 && !fields.tokens("connection").includes("close");
}
