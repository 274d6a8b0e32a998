/**
 * What can be said to `deno task bench`.
 *
 * @module
 */

import {
  flag,
  only,
  type Option,
  type OptionValues,
} from "../../lib/app/option.ts";
import type { Job } from "./peers.ts";

/** Options of the benchmark; without a value where the usual ones hold. */
export const BENCH_OPTIONS = {
  "job": optional(
    "JOB",
    parseJob,
    "measure only SOCKS5, or only relay (default both)",
  ),
  "rounds": optional("N", parsePositive, "rounds of all servers (default 3)"),
  "seconds": optional(
    "S",
    parsePositive,
    "for each figure that takes a time (default 1)",
  ),
  "tunnels": optional(
    "N,N",
    (text) => text.split(",").map(parsePositive),
    "idle tunnels at once, rising (default 2000,10000, or what the limit of descriptors has room for)",
  ),
  "only": optional(
    "NAME,NAME",
    (text) => text.split(","),
    "measure only those with these names, such as Sluice,Go",
  ),
  "compiled": optional(
    "FILE",
    String,
    "measure this compiled program instead of compiling one",
  ),
  "quick": flag(
    "one round of 0.2 s for each figure, with 500 tunnels: to try the benchmark itself, or to see a great change",
  ),
  "help": flag("print this", "h"),
} as const;

/** What was said. */
export type BenchOptions = OptionValues<typeof BENCH_OPTIONS>;

/**
 * Makes an option that may be left out.
 *
 * @typeParam T The value.
 * @param value What stands for it in the help.
 * @param parse Makes it from text.
 * @param help What it does, with what holds where it is left out.
 * @returns The option.
 */
export function optional<T>(
  value: string,
  parse: (text: string) => T,
  help: string,
): Option<T | undefined> {
  return {
    value,
    help,
    parse: (given) => {
      const text = only(given);
      return text === undefined ? undefined : parse(text);
    },
  };
}

/**
 * Reads a number above 0.
 *
 * @param text The number.
 * @returns The number.
 * @throws {SyntaxError} If it is none.
 */
export function parsePositive(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new SyntaxError(`'${text}' is no number above 0`);
}

function parseJob(text: string): Job {
  if (text === "SOCKS5" || text === "relay") return text;
  throw new SyntaxError(`'${text}' is neither SOCKS5 nor relay`);
}
