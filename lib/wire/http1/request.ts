/**
 * The head of a request (RFC 9112 §3).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import { type Fields, TOKEN } from "./fields.ts";
import type { Head } from "./head.ts";

/** What a client asks for. */
export interface RequestHead {
  /** Method as sent; it is case-sensitive. */
  method: string;
  /** Target as sent, in whichever form. */
  target: string;
  /** Minor version: 0, or 1 for every later one. */
  minor: 0 | 1;
  /** Fields in their order. */
  fields: Fields;
}

/** Visible characters and nothing else: a recipient may split at any other. */
const VISIBLE = /^[\x21-\x7e]+$/;

const VERSION = /^HTTP\/(\d)\.(\d)$/;

/**
 * Parses the request line of a head.
 *
 * ```text
 * request-line = method SP request-target SP HTTP-version
 * ```
 *
 * @returns The request; its target and its fields are not judged.
 * @throws {HttpError} 400 where the line has another form, 505 for a major
 *   version other than 1.
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
    // Not shown: what it names may be secret, and is long.
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
 * Tells whether the client wants its connection kept (RFC 9112 §9.3).
 *
 * @param head The request. HTTP/1.0 has to ask for it.
 * @returns Whether it may be kept after this request.
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
