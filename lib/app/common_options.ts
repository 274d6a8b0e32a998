/**
 * What can be said to every command that takes connections.
 *
 * @module
 */

import { BACKLOG } from "../net/backlog.ts";
import { parseDuration } from "./duration.ts";
import {
  flag,
  only,
  type Option,
  type OptionValues,
  single,
} from "./option.ts";

/** Options of every command that takes connections. */
export const COMMON_OPTIONS = {
  "handshake-timeout": durationOption(
    "10s",
    "for the whole handshake; 0 is for ever",
  ),
  "idle-timeout": durationOption(
    "10m",
    "for a tunnel without a byte; 0 is for ever",
  ),
  "half-close-timeout": durationOption(
    "30s",
    "for the other direction, without a byte, when one has ended; 0 ends it at once",
  ),
  "drain-timeout": durationOption(
    "30s",
    "for open tunnels to finish at the shutdown; 0 ends them at once",
  ),
  "max-connections": {
    value: "N",
    help:
      "connections at once; fewer where the limit of file descriptors says so (default 20000, or what a memory limit carries)",
    parse: (given: readonly string[]): number | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parseCount(text);
    },
  },
  "max-connections-per-client": {
    value: "N",
    help:
      "connections at once from one address (IPv6: one /64); 0 is no limit (default 1000, and 0 on a loopback address)",
    parse: (given: readonly string[]): number | undefined => {
      const text = only(given);
      return text === undefined ? undefined : parseNumber(text, 0);
    },
  },
  "backlog": single(
    "N",
    String(BACKLOG),
    parseCount,
    "connections that may wait in the system's queue of each TCP listener until they are accepted; Linux caps it at net.core.somaxconn",
  ),
  "log": single(
    "text|json",
    "text",
    parseLogFormat,
    "how log lines look, on standard error",
  ),
  "quiet": flag("log warnings and errors only"),
  "help": flag("print this and exit", "h"),
  "version": flag("print the version and exit", "V"),
};

/** Values of the options that such commands share. */
export type CommonOptions = OptionValues<typeof COMMON_OPTIONS>;

/**
 * Makes an option that is a time limit.
 *
 * @param initial Its default.
 * @param help What it limits; `time limit` is put in front.
 * @returns The option, in milliseconds.
 */
export function durationOption(initial: string, help: string): Option<number> {
  return single("DURATION", initial, parseDuration, `time limit ${help}`);
}

/**
 * Parses a whole number from 1.
 *
 * @param text Digits.
 * @returns The number.
 * @throws {SyntaxError} If it is none, or too large.
 */
export function parseCount(text: string): number {
  return parseNumber(text, 1);
}

/**
 * Parses a whole number.
 *
 * @param text Digits.
 * @param least The least that is allowed.
 * @returns The number, 999,999,999 at most.
 * @throws {SyntaxError} If it is none, or too small or large.
 */
export function parseNumber(text: string, least: number): number {
  if (!/^\d{1,9}$/.test(text) || Number(text) < least) {
    throw new SyntaxError(
      `'${text}' is not a whole number from ${least} to 999999999`,
    );
  }
  return Number(text);
}

function parseLogFormat(text: string): "text" | "json" {
  if (text === "text" || text === "json") return text;
  throw new SyntaxError(`'${text}' is neither text nor json`);
}
