/**
 * Parses questions to rules from options, tables and logs.
 *
 * @module
 */

import { isUnixPath, parseListenEndpoint } from "../../wire/endpoint.ts";
import { type IpAddress, requireIpAddress } from "../../wire/ip_address.ts";
import { quote } from "../../wire/quote.ts";
import { refusedRange } from "./address_guard.ts";
import type { Question } from "./question.ts";

/** Word for a client without an address. */
const UNIX = "unix";

/**
 * Parses a listener.
 *
 * @param text `HOST:PORT`, `PORT` or `unix:PATH`.
 * @throws {SyntaxError} If it is not one of these.
 */
export function parseListener(text: string): Question["listener"] {
  const place = parseListenEndpoint(text);
  if (isUnixPath(place)) return { path: place.path };
  const { host, port } = place;
  return { ip: requireIpAddress(host === "" ? "0.0.0.0" : host), port };
}

/**
 * Parses the address of a client.
 *
 * @param text The address, or `unix`.
 * @returns The address; `undefined` for a client of a Unix socket.
 * @throws {SyntaxError} If it is neither.
 */
export function parseClient(text: string): IpAddress | undefined {
  return text === UNIX ? undefined : requireIpAddress(text);
}

/**
 * Parses a time. Without a zone it is this machine's time (ECMA-262
 * §21.4.1.32).
 *
 * @param text For example `2026-11-21T12:00`, maybe with `Z` or `+01:00`.
 * @returns Milliseconds since 1970.
 * @throws {SyntaxError} If it is malformed.
 */
export function parseTime(text: string): number {
  const isWhole = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?$/
    .test(text);
  const time = isWhole ? Date.parse(text) : NaN;
  if (!Number.isNaN(time)) return time;
  throw new SyntaxError(
    `${quote(text)} is not a time such as 2026-11-21T12:00`,
  );
}

/**
 * Tells whether other machines can reach a listener, so that the address guard
 * applies.
 */
export function isPublic(listener: Question["listener"]): boolean {
  return !("path" in listener) &&
    refusedRange(listener.ip)?.startsWith("loopback") !== true;
}
