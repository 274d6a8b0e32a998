/**
 * Options of `sluice connect`.
 *
 * @module
 */

import { ASK_OPTIONS } from "../serve/options/common.ts";
import { type ConnectTarget, parseConnectTarget } from "./target.ts";
import { duration, flag, operand } from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { VIA_OPTIONS } from "../serve/options/parents.ts";
import { UPSTREAM_TLS_OPTIONS } from "../serve/options/upstream_tls.ts";
import { UsageError } from "../cli/usage_error.ts";

/** Options of `sluice connect`. */
export const CONNECT_OPTIONS = {
  "target": operand("address", {
    value: "TARGET",
    help: "HOST:PORT, [IPV6]:PORT, PORT (on 127.0.0.1), or unix:PATH",
  }, (given): ConnectTarget => parseConnectTarget(given)),
  "ipv4": flag("use IPv4 only", { short: "4" }),
  "ipv6": flag("use IPv6 only", { short: "6" }),
  "udp": flag(
    "send datagrams: one for each typed line, or for up to 1400 bytes of a pipe or file",
  ),
  "tls": flag("speak TLS and verify the target's certificate"),
  ...UPSTREAM_TLS_OPTIONS,
  ...VIA_OPTIONS,
  "json": flag("send and print one JSON value per line; refuse other lines"),
  "raw": flag(
    "print control characters unchanged, even to a terminal, which they can control",
  ),
  "connect-timeout": duration({
    default: "10s",
    help: "time limit for resolving and connecting; 0 disables it",
  }),
  "idle-timeout": duration({
    default: "0",
    help: "time limit for a connection without traffic; 0 disables it",
  }),
  "half-close-timeout": duration({
    default: "5s",
    help:
      "when the target has closed: time limit for input from a pipe or file without a byte; with --udp, when the input has ended: time limit for answers; 0 ends immediately",
  }),
  "quiet": flag("do not print how much was sent and received"),
  ...ASK_OPTIONS,
};

/** Values of the options of `sluice connect`. */
export type ConnectOptions = OptionValues<typeof CONNECT_OPTIONS>;

/**
 * Refuses options that contradict each other, instead of ignoring one.
 *
 * @throws {UsageError} If two options contradict each other; the message names
 *   them.
 */
export function checkConnectOptions(options: ConnectOptions): void {
  const { target, ipv4, ipv6, udp, via } = options;
  if (ipv4 && ipv6) {
    throw clash("ipv4", "ipv6", "each means only that one");
  }
  if (udp && options.tls) {
    throw clash("udp", "tls", "TLS wants a stream, not datagrams");
  }
  if (udp && via.length > 0) {
    throw clash("udp", "via", "datagrams do not go through another proxy");
  }
  if (!("path" in target)) return;
  if (via.length > 0) throw noSocket("via", "is on this machine");
  if (udp) throw noSocket("udp", "takes no datagrams here");
  if (ipv4) throw noSocket("ipv4", "has no IP address");
  if (ipv6) throw noSocket("ipv6", "has no IP address");
}

function clash(option: string, other: string, why: string): UsageError {
  return new UsageError(`cannot be combined with --${other}: ${why}`, {
    option,
    others: [other],
  });
}

function noSocket(option: string, why: string): UsageError {
  return new UsageError(
    `cannot be combined with unix:PATH: a Unix socket ${why}`,
    {
      option,
    },
  );
}
