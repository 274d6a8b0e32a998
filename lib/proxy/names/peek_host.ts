/**
 * The host that a request in a tunnel is for, without taking the request.
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
 * @param bytes What has come of it.
 * @returns The host; an error if there is none that can be read, `undefined` if
 *   more has to come.
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
