/**
 * What can be said to `sluice connect`.
 *
 * @module
 */

import { durationOption } from "./common_options.ts";
import { type ConnectTarget, parseConnectTarget } from "./connect_target.ts";
import { flag, operand, type OptionValues } from "./option.ts";
import { VIA_OPTIONS } from "./parent_options.ts";
import { UPSTREAM_TLS_OPTIONS } from "./upstream_tls_options.ts";
import { UsageError } from "./usage_error.ts";

/** Options of `sluice connect`. */
export const CONNECT_OPTIONS = {
  "target": operand(
    "TARGET",
    "HOST:PORT, [IPV6]:PORT, PORT (on 127.0.0.1), or unix:PATH",
    (given): ConnectTarget => parseConnectTarget(given),
  ),
  "ipv4": flag("use IPv4 only", "4"),
  "ipv6": flag("use IPv6 only", "6"),
  "udp": flag(
    "send datagrams: each line that is typed, or up to 1400 bytes of a pipe or file",
  ),
  "tls": flag("speak TLS, and verify the target's certificate"),
  ...UPSTREAM_TLS_OPTIONS,
  ...VIA_OPTIONS,
  "json": flag("send and print one JSON value a line, refuse other lines"),
  "raw": flag(
    "print control characters as they come, also to a terminal, which they can drive",
  ),
  "connect-timeout": durationOption(
    "10s",
    "for resolving and connecting; 0 is for ever",
  ),
  "idle-timeout": durationOption(
    "0",
    "for a connection without a byte; 0 is for ever",
  ),
  "half-close-timeout": durationOption(
    "5s",
    "for a pipe or file as input, without a byte, when the target has closed; with --udp, for answers when the input has ended; 0 ends at once",
  ),
  "quiet": flag("say nothing of what was sent and received"),
  "help": flag("print this and exit", "h"),
  "version": flag("print the version and exit", "V"),
};

/** Values of the options of `sluice connect`. */
export type ConnectOptions = OptionValues<typeof CONNECT_OPTIONS>;

/**
 * Refuses options that make no sense together, rather than to ignore one.
 *
 * @param options Values of the options.
 * @throws {UsageError} If two don't go together, naming them.
 */
export function checkConnectOptions(options: ConnectOptions): void {
  const { target, ipv4, ipv6, udp, via } = options;
  if (ipv4 && ipv6) {
    throw new UsageError("Options --ipv4 and --ipv6: each means only that one");
  }
  if (udp && options.tls) {
    throw new UsageError("Option --udp: TLS wants a stream, not datagrams");
  }
  if (udp && via.length > 0) {
    throw new UsageError("Option --udp: datagrams do not go through --via");
  }
  if (!("path" in target)) return;
  if (via.length > 0) {
    throw new UsageError("Option --via: a Unix socket is on this machine");
  }
  if (udp) {
    throw new UsageError("Option --udp: a Unix socket takes no datagrams here");
  }
  if (ipv4 || ipv6) {
    const name = ipv4 ? "ipv4" : "ipv6";
    throw new UsageError(`Option --${name}: a Unix socket has no IP address`);
  }
}
