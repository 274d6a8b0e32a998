/**
 * Options of `deno task bench`.
 *
 * @module
 */

import { choice, flag, option, path } from "../../lib/cli/declare_options.ts";
import type { OptionValues } from "../../lib/cli/option.ts";

/** Options of the benchmark; `undefined` values mean the defaults. */
export const BENCH_OPTIONS = {
  "job": choice(["SOCKS5", "relay"], {
    value: "JOB",
    help: "measure only SOCKS5, or only relay (default both)",
  }),
  "rounds": option("count", {
    value: "N",
    help: "rounds of all servers (default 3)",
  }, parsePositive),
  "seconds": option("count", {
    value: "S",
    help: "for each figure that takes a time (default 1)",
  }, parsePositive),
  "tunnels": option("text", {
    value: "N,N",
    help:
      "idle tunnels at once, rising (default 2000,10000, or what the limit of descriptors has room for)",
  }, (text) => text.split(",").map(parsePositive)),
  "only": option("text", {
    value: "NAME,NAME",
    help: "measure only those with these names, such as Sluice,Go",
  }, (text) => text.split(",")),
  "compiled": path({
    help: "measure this compiled program instead of compiling one",
  }),
  "quick": flag(
    "one round of 0.2 s for each figure, with 500 tunnels: to try the benchmark itself, or to see a great change",
  ),
  "help": flag("print this", { short: "h" }),
} as const;

/** Values of the options. */
export type BenchOptions = OptionValues<typeof BENCH_OPTIONS>;

/**
 * Parses a number above 0.
 *
 * @throws {SyntaxError} If the text is not one.
 */
function parsePositive(text: string): number {
  const value = Number(text);
  if (value > 0 && value < Infinity) return value;
  throw new SyntaxError(`'${text}' is no number above 0`);
}
