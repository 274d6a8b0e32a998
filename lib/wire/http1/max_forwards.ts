/**
 * The number of proxies that a request may still pass (RFC 9110 §7.6.2).
 *
 * @module
 */

import { HttpError } from "./http_error.ts";
import type { RequestHead } from "./request.ts";

/** For other methods the field has no meaning. */
const LIMITED = /^(?:TRACE|OPTIONS)$/;

/**
 * Parses `Max-Forwards`.
 *
 * @returns Remaining number of forwards; `undefined` for no limit.
 * @throws {HttpError} 400 if the value is not a single number.
 */
export function parseMaxForwards(head: RequestHead): number | undefined {
  if (!LIMITED.test(head.method)) return undefined;
  const [value, ...more] = head.fields.all("max-forwards");
  if (value === undefined) return undefined;
  if (more.length > 0 || !/^\d+$/.test(value)) {
    const shown = JSON.stringify([value, ...more].join(", ").slice(0, 40));
    throw new HttpError(400, `Cannot parse Max-Forwards: it is ${shown}`);
  }
  return Math.min(Number(value), Number.MAX_SAFE_INTEGER);
}
