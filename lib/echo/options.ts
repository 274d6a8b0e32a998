/**
 * Options of `sluice echo`.
 *
 * @module
 */

import type { EchoMode } from "./echo.ts";
import { type Endpoint, parseListenEndpoint } from "../wire/endpoint.ts";
import { quote } from "../wire/quote.ts";
import { ADMIN_OPTIONS } from "../serve/options/admin.ts";
import { COMMON_OPTIONS } from "../serve/options/common.ts";
import { duration, flag, operand, size } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { parseBytes } from "../cli/size.ts";
import { TLS_OPTIONS } from "../serve/options/tls.ts";
import { UsageError } from "../cli/usage_error.ts";
import { FLEET_OPTIONS } from "../serve/options/fleet.ts";
import { WORKER_OPTIONS } from "../serve/options/workers.ts";

/** The default address. */
const DEFAULT_LISTEN = "127.0.0.1:8080";

/** Largest value of the options that count bytes. */
const MOST_BYTES = "999999999";

const {
  "half-close-timeout": _halfClose,
  ...COMMON
} = COMMON_OPTIONS;

/** Options of `sluice echo`. */
export const ECHO_OPTIONS = {
  "listen": operand("address", {
    value: "LISTEN",
    isNumeric: true,
    setting: "listen",
    help:
      `where to listen: HOST:PORT, [IPV6]:PORT, :PORT (all addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660] (default ${DEFAULT_LISTEN})`,
  }, parseOneListen),
  "discard": flag("send nothing back and throw away what arrives (RFC 863)"),
  "chargen": flag(
    "send endless lines of text and throw away what arrives (RFC 864)",
  ),
  "delay": duration({
    default: "0",
    setting: "delay",
    help:
      "delay each answer by this time; Sluice holds at most 1 MiB for a client",
  }),
  "chunk": size({
    least: "1",
    most: MOST_BYTES,
    setting: "chunk",
    help:
      "write at most this many bytes at a time (default: as many as arrived)",
  }, parseBytes),
  "close-after": size({
    most: MOST_BYTES,
    setting: "closeAfter",
    help:
      "close after sending this many bytes back, or after throwing them away with --discard; 0 closes immediately",
  }, parseBytes),
  "reset-after": size({
    most: MOST_BYTES,
    setting: "resetAfter",
    help: "as --close-after, but with a reset (RST) instead of a clean end",
  }, parseBytes),
  "udp": flag("also answer datagrams on the same port", { setting: "udp" }),
  "open": flag("allow --udp on an address that other machines can reach", {
    setting: "open",
    requires: "udp",
  }),
  ...TLS_OPTIONS,
  ...ADMIN_OPTIONS,
  ...WORKER_OPTIONS,
  ...FLEET_OPTIONS,
  ...COMMON,
  "handshake-timeout": duration({
    default: "10s",
    setting: "handshakeTimeout",
    help: COMMON_OPTIONS["handshake-timeout"].help,
  }),
  "idle-timeout": duration({
    default: "10m",
    setting: "idleTimeout",
    help: "time limit for a connection without traffic; 0 disables it",
  }),
  "drain-timeout": duration({
    default: "30s",
    help:
      "at shutdown: time limit to send back what has arrived; 0 ends all connections immediately",
  }),
};

/** Values of the options of `sluice echo`. */
export type EchoOptions = OptionValues<typeof ECHO_OPTIONS>;

/** Determines the kind of answer. */
export function modeOf({ discard, chargen }: EchoOptions): EchoMode {
  if (discard) return "discard";
  return chargen ? "chargen" : "echo";
}

/**
 * Refuses options that contradict each other, instead of ignoring one.
 *
 * @throws {UsageError} If two options contradict each other; the message names
 *   them.
 */
export function checkTogether(options: EchoOptions): void {
  const isGiven = (name: Name) =>
    name === "delay" ? options.delay > 0 : (options[name] ?? false) !== false;
  for (const [one, other, why] of CLASHES) {
    if (!isGiven(one) || !isGiven(other)) continue;
    throw new UsageError(`cannot be combined with --${other}: ${why}`, {
      option: one,
      others: [other],
    });
  }
}

type Name = keyof EchoOptions;

const CLASHES: readonly [one: Name, other: Name, why: string][] = [
  ["discard", "chargen", "one sends nothing, the other endless text"],
  ["discard", "delay", "there is no answer to delay"],
  ["discard", "chunk", "there is no answer to write in pieces"],
  ["chargen", "delay", "endless text does not wait for a client to answer"],
  ["close-after", "reset-after", "a connection ends once"],
  ["chunk", "udp", "a datagram is sent whole"],
  ["close-after", "udp", "a datagram has no connection to close"],
  ["reset-after", "udp", "a datagram has no connection to reset"],
];

function parseOneListen(given: readonly string[]): Endpoint {
  const [text = DEFAULT_LISTEN, ...more] = given;
  if (more.length === 0) return parseListenEndpoint(text);
  const all = given.map((text) => quote(text)).join(", ");
  throw new SyntaxError(`${all} are ${given.length} addresses; give one`);
}
