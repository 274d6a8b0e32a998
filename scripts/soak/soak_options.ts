/**
 * Options of `deno task soak`.
 *
 * @module
 */

import { count, flag, operand, path } from "../../lib/cli/declare_options.ts";
import type { OptionValues } from "../../lib/cli/option.ts";

/** Options of the soak. */
export const SOAK_OPTIONS = {
  "connections": count({ default: "1000000", help: "short connections" }),
  "at-once": count({ default: "16", help: "as many of them at once" }),
  "stages": count({
    default: "10",
    help: "as many times the proxy is looked at meanwhile, 3 or more",
  }),
  "tunnels": count({
    default: "10000",
    least: "0",
    help:
      "idle tunnels at once, if the limit of descriptors has room for them; 0 leaves them out",
  }),
  "program": path({
    default: "main.ts",
    help:
      "module that is the proxy; another one shows that the soak finds leaks",
  }),
  "help": flag("print this", { short: "h" }),
  "options": operand("text", {
    value: "-- OPTION…",
    help: "more options of the proxy, such as -- --admin 127.0.0.1:0",
  }, (words) => words),
} as const;

/** Values of the options. */
export type SoakOptions = OptionValues<typeof SOAK_OPTIONS>;
