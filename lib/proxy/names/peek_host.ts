/**
 * Reads the host of a request in a tunnel without consuming it.
 *
 * @module
 */

import type { Host } from "../../wire/host_name.ts";
import { HeadScanner } from "../../wire/http1/head.ts";
import { HttpError } from "../../wire/http1/http_error.ts";
import { parseRequestHead } from "../../wire/http1/request.ts";
import { parseOriginTarget } from "../../wire/http1/target.ts";

/**
 * Reads the host of a request from its first bytes.
 *
 * @param bytes The first bytes so far.
 * @returns The host; an error if it can't be read, `undefined` if more bytes
 *   are needed.
 */
export function peekHost(bytes: Uint8Array): Host | Error | undefined {
  const scanner = new HeadScanner();
  try {
    scanner.push(bytes);
    if (scanner.head === undefined) return undefined;
    return parseOriginTarget(parseRequestHead(scanner.head)).host;
  } catch (error) {
    if (error instanceof HttpError) return error;
    throw error;
  }
}
