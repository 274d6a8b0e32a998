/**
 * What can be said to `sluice echo`.
 *
 * @module
 */

import type { EchoMode } from "../handlers/echo.ts";
import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { ADMIN_OPTIONS } from "./admin_options.ts";
import {
  COMMON_OPTIONS,
  durationOption,
  parseNumber,
} from "./common_options.ts";
import { parseDuration } from "./duration.ts";
import {
  flag,
  only,
  operand,
  type Option,
  type OptionValues,
  single,
} from "./option.ts";
import { TLS_OPTIONS } from "./tls_options.ts";
import { UsageError } from "./usage_error.ts";
import { WORKER_OPTIONS } from "./worker_options.ts";

/** Where it listens unless told otherwise. */
const DEFAULT_LISTEN = "127.0.0.1:8080";

const {
  "half-close-timeout": _halfClose,
  ...COMMON
} = COMMON_OPTIONS;

/** Options of `sluice echo`. */
export const ECHO_OPTIONS = {
  "listen": operand(
    "LISTEN",
    `where to listen: HOST:PORT, [IPV6]:PORT, :PORT (all addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660] (default ${DEFAULT_LISTEN})`,
    parseOneListen,
  ),
  "discard": flag("answer nothing, throw away what comes (RFC 863)"),
  "chargen": flag(
    "send lines of text without end, throw away what comes (RFC 864)",
  ),
  "delay": single(
    "DURATION",
    "0",
    parseDuration,
    "send each answer that much later; 1 MiB is held for a client at most",
  ),
  "chunk": optionalNumber(
    "N",
    1,
    "write N bytes at a time at most (default as many as came)",
  ),
  "close-after": optionalNumber(
    "N",
    0,
    "close after N bytes were sent back, or thrown away with --discard; 0 closes at once",
  ),
  "reset-after": optionalNumber(
    "N",
    0,
    "the same with a reset (RST) instead of a clean end",
  ),
  "udp": flag("answer datagrams on the same port as well"),
  "open": flag("allow --udp on an address that others can reach"),
  ...TLS_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...COMMON,
  "idle-timeout": durationOption(
    "10m",
    "for a connection without a byte; 0 is for ever",
  ),
  "drain-timeout": durationOption(
    "30s",
    "for what is on its way to come back at the shutdown; 0 ends all at once",
  ),
};

/** Values of the options of `sluice echo`. */
export type EchoOptions = OptionValues<typeof ECHO_OPTIONS>;

/**
 * Tells what the answer is.
 *
 * @param options Values of the options.
 * @returns The mode.
 */
export function modeOf({ discard, chargen }: EchoOptions): EchoMode {
  if (discard) return "discard";
  return chargen ? "chargen" : "echo";
}

/**
 * Refuses options that make no sense together, rather than to ignore one.
 *
 * @param options Values of the options.
 * @throws {UsageError} If two don't go together, naming them.
 */
export function checkTogether(options: EchoOptions): void {
  const isGiven: Readonly<Record<string, boolean>> = {
    "discard": options.discard,
    "chargen": options.chargen,
    "delay": options.delay > 0,
    "chunk": options.chunk !== undefined,
    "close-after": options["close-after"] !== undefined,
    "reset-after": options["reset-after"] !== undefined,
    "udp": options.udp,
    "open": options.open,
  };
  for (const [one, other, why] of CLASHES) {
    if (!isGiven[one] || !isGiven[other]) continue;
    throw new UsageError(`Options --${one} and --${other}: ${why}`);
  }
  if (isGiven["open"] && !isGiven["udp"]) {
    throw new UsageError("Option --open is about --udp, which is not given");
  }
}

const CLASHES: readonly [one: string, other: string, why: string][] = [
  ["discard", "chargen", "the answer is nothing, or a text without end"],
  ["discard", "delay", "there is no answer to delay"],
  ["discard", "chunk", "there is no answer to write in pieces"],
  ["chargen", "delay", "a text without end answers nothing"],
  ["close-after", "reset-after", "a connection ends once"],
  ["chunk", "udp", "a datagram is sent whole"],
  ["close-after", "udp", "a datagram has no connection to close"],
  ["reset-after", "udp", "a datagram has no connection to reset"],
];

function parseOneListen(given: readonly string[]): Endpoint {
  if (given.length > 1) throw new SyntaxError("one address at a time");
  return parseListenEndpoint(given[0] ?? DEFAULT_LISTEN);
}

function optionalNumber(
  value: string,
  least: number,
  help: string,
): Option<number | undefined> {
  return {
    value,
    help,
    parse: (given) => {
      const text = only(given);
      if (text === undefined) return undefined;
      return parseNumber(text, least);
    },
  };
}
