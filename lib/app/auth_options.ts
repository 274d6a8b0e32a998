/**
 * What can be said about users and bans.
 *
 * @module
 */

import { parseNumber } from "./common_options.ts";
import { parseDuration } from "./duration.ts";
import { only, type Option, type OptionValues, single } from "./option.ts";

/** Failures are kept one by one, for each client. */
const MOST_FAILURES = 100;

/** Options of users and bans. */
export const AUTH_OPTIONS = {
  "users": {
    value: "FILE",
    help:
      "only the users in this file may use the proxy, and those of --user: a line NAME:HASH each, made by 'sluice passwd NAME'; read again when it changes",
    parse: (given: readonly string[]): string | undefined => only(given),
  },
  "auth-cache": single(
    "DURATION",
    "5m",
    parseDuration,
    "how long a right password of that file need not be hashed again; 0 is not at all",
  ),
  "ban-after": single(
    "N",
    "10",
    parseFailures,
    "wrong passwords from one address (IPv6: one /64) that get it banned; 0 is never",
  ),
  "ban-window": span("2m", "within what time they count"),
  "ban-time": span("1m", "how long the first ban is; each next one is doubled"),
  "ban-time-max": span(
    "15m",
    "how long the longest ban is; so long without one undoes a doubling",
  ),
};

/** Values of the options of users and bans. */
export type AuthOptions = OptionValues<typeof AUTH_OPTIONS>;

function span(initial: string, help: string): Option<number> {
  return single("DURATION", initial, parseSpan, help);
}

function parseSpan(text: string): number {
  const milliseconds = Math.round(parseDuration(text));
  if (milliseconds > 0) return milliseconds;
  throw new SyntaxError(`'${text}' is no time at all; --ban-after 0 bans none`);
}

function parseFailures(text: string): number {
  const count = parseNumber(text, 0);
  if (count <= MOST_FAILURES) return count;
  throw new SyntaxError(`'${text}' is more than ${MOST_FAILURES}`);
}
