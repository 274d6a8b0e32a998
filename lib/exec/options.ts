/**
 * The options of `sluice exec`.
 *
 * @module
 */

import {
  collected,
  flag,
  operand,
  option,
  path,
} from "../cli/declare_options.ts";
import type { OptionValues } from "../cli/option.ts";
import { PRESET_NAMES } from "../policy/rules/presets.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { NAME_OPTIONS } from "../serve/options/names.ts";
import { RULE_OPTIONS } from "../serve/options/rules.ts";
import {
  parseAllowed,
  parseForwarded,
  parsePresets,
  requireApart,
} from "./allow.ts";
import { reportFormat } from "./report.ts";

const RULES = "Where they may go";
const FENCE = "Fence";
const REPORT = "Report";

/** Options of `sluice exec`. */
export const EXEC_OPTIONS = {
  "command": operand("text", {
    value: "COMMAND",
    help: "the command and its arguments, after --",
  }, (words) => {
    if (words.length > 0) return words;
    throw new SyntaxError("the command is missing; write it after --");
  }),
  "allow": option("pattern", {
    value: "HOST[:PORT]",
    many: true,
    group: RULES,
    help:
      "let the command reach a host over TLS or HTTP: a name, *.example.com, or an address; ports 80 and 443, or PORT, FIRST-LAST, * for all; repeatable",
  }, parseAllowed),
  "allow-preset": collected("choice", {
    value: "NAME[,NAME…]",
    group: RULES,
    help: `let it reach what a tool needs: ${
      PRESET_NAMES.join(", ")
    }; see 'sluice rules presets'`,
  }, parsePresets),
  ...RULE_OPTIONS,
  "allow-private": flag(
    "lift the guard: allowed names may lead to loopback, private and link-local addresses",
    { group: RULES },
  ),
  "dns": NAME_OPTIONS.dns,
  "prefer": NAME_OPTIONS.prefer,
  "forward": collected("address", {
    value: "PORT=HOST:PORT",
    group: FENCE,
    help:
      "let 127.0.0.1:PORT inside lead to a target, under the same rules but with any protocol, for programs that know no proxy; repeatable",
  }, (given) => {
    const ports = given.map(parseForwarded);
    requireApart(ports);
    return ports;
  }),
  "allow-socket": path({
    value: "PATH",
    many: true,
    group: FENCE,
    help:
      "leave a Unix socket in place; whatever serves it can be asked to go around the fence; repeatable",
  }),
  "no-isolation": flag(
    "set the variables only: a command that ignores them goes around the proxy",
    { group: FENCE },
  ),
  "report": path({
    many: true,
    group: REPORT,
    help:
      "write what was reached to a file: JSON if it ends in .json, Markdown if in .md; repeatable",
  }, (text) => {
    reportFormat(text);
    return text;
  }),
  "fail-on-denied": flag("exit with 3 if anything was denied", {
    group: REPORT,
  }),
  "learn": path({
    group: REPORT,
    help:
      "allow everything, also private addresses, and write the rules that would have been enough",
  }),
  "quiet": flag("print no table at the end", { group: REPORT }),
  ...ASK_OPTIONS,
};

/** Values of the options of `sluice exec`. */
export type ExecOptions = OptionValues<typeof EXEC_OPTIONS>;
