/**
 * The head of a request (RFC 9112 §3).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { type Fields, TOKEN } from "./fields.ts";
import type { Head } from "./head.ts";

/** The head of a client's request. */
export interface RequestHead {
  /** Method as sent; it is case-sensitive. */
  method: string;
  /** Target as sent, in any form. */
  target: string;
  /** Minor version: 0 for HTTP/1.0, 1 for every later version. */
  minor: 0 | 1;
  /** The fields in order. */
  fields: Fields;
}

/** Visible characters only: some recipients split at others. */
const VISIBLE = /^[\x21-\x7e]+$/;

const VERSION = /^HTTP\/(\d)\.(\d)$/;

/**
 * Parses the request line of a head.
 *
 * ```text
 * request-line = method SP request-target SP HTTP-version
 * ```
 *
 * @returns The request. Its target and fields are not checked.
 * @throws {HttpError} 400 if the line has another form, 505 for a major version
 *   other than 1.
 */
export function parseRequestHead(head: Head): RequestHead {
  const [method, target, version, ...more] = head.startLine.split(" ");
  if (version === undefined || more.length > 0) {
    throw malformed("it is not three words with single spaces between them");
  }
  if (!TOKEN.test(method!)) {
    throw malformed(`method is ${JSON.stringify(method!.slice(0, 40))}`);
  }
  if (!VISIBLE.test(target!)) {
    // Not shown, because a target can be secret and long.
    throw malformed("target has a character that is not visible ASCII");
  }
  return {
    method: method!,
    target: target!,
    minor: parseVersion(version),
    fields: head.fields,
  };
}

/**
 * Tells whether the client wants to keep its connection (RFC 9112 §9.3).
 *
 * @param head The request. HTTP/1.0 must ask for it.
 */
export function isPersistent({ minor, fields }: RequestHead): boolean {
  const options = fields.tokens("connection");
  if (options.includes("close")) return false;
  return minor === 1 || options.includes("keep-alive");
}

function parseVersion(text: string): 0 | 1 {
  const [, major, minor] = VERSION.exec(text) ?? [];
  if (major === undefined) {
    throw malformed(`version is ${JSON.stringify(text.slice(0, 40))}`);
  }
  if (major !== "1") {
    throw new HttpError(
      505,
      `Cannot speak ${text}: only HTTP/1.1 and HTTP/1.0`,
    );
  }
  return minor === "0" ? 0 : 1;
}

function malformed(state: string): HttpError {
  return new HttpError(400, `Cannot parse request line: ${state}`);
}
