/**
 * What can be said to `deno task soak`.
 *
 * @module
 */

import { parseCount } from "../../lib/app/common_options.ts";
import {
  flag,
  operand,
  type OptionValues,
  single,
} from "../../lib/app/option.ts";

/** Options of the soak. */
export const SOAK_OPTIONS = {
  "connections": single("N", "1000000", parseCount, "short connections"),
  "at-once": single("N", "16", parseCount, "as many of them at once"),
  "stages": single(
    "N",
    "10",
    parseCount,
    "as many times the proxy is looked at meanwhile, 3 or more",
  ),
  "tunnels": single(
    "N",
    "10000",
    parseCount,
    "idle tunnels at once, if the limit of descriptors has room for them",
  ),
  "program": single(
    "FILE",
    "main.ts",
    String,
    "module that is the proxy; another one shows that the soak finds leaks",
  ),
  "help": flag("print this", "h"),
  "options": operand(
    "-- OPTION…",
    "more options of the proxy, such as -- --admin 127.0.0.1:0",
    (words) => words,
  ),
} as const;

/** What was said. */
export type SoakOptions = OptionValues<typeof SOAK_OPTIONS>;
