/**
 * The rules of a command: only named hosts are allowed.
 *
 * @module
 */

import { requireText } from "../cli/read_file.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";
import {
  parseRules,
  ruleFile,
  ruleOption,
  type RuleSource,
} from "../policy/rules/parse_rules.ts";
import { presetRule } from "../policy/rules/presets.ts";
import type { Rules } from "../policy/rules/rules.ts";
import type { ExecOptions } from "./options.ts";

/** The options that make rules. */
export type ExecRuleOptions = Pick<
  ExecOptions,
  "allow" | "allow-preset" | "learn" | "rule" | "rules"
>;

/** Both open a port on this machine that the command can't reach. */
const NO_PORTS: RuleSource = {
  lines: ["exec: deny command bind,udp"],
  place: () => "exec",
  label: () => "exec",
};

/**
 * Reads the rules.
 *
 * @param options Values of the options.
 * @returns The rules, in this order: `--rule`, `--allow`, `--allow-preset`, the
 *   file. The default is to deny, or to allow with `--learn`.
 * @throws {UsageError} If a rule of the command line is malformed.
 * @throws {StartError} If the file cannot be read or is malformed.
 */
export async function readExecRules(options: ExecRuleOptions): Promise<Rules> {
  const { learn, rules: path } = options;
  if (learn !== undefined) {
    requireNoRules(options);
    return parseRules([NO_PORTS], { fallback: "allow" });
  }
  const given = [NO_PORTS, ruleOption(options.rule), ...allowed(options)];
  const fixed = parse(
    given,
    (message) => new UsageError(message, { option: "rule" }),
  );
  if (path === undefined) return fixed;
  const file = ruleFile(await requireText("read rules", path), path);
  return parse(
    [...given, file],
    (message) => new StartError(`Cannot read rules: ${message}`),
  );
}

/** With `--learn` everything is allowed, so rules would have no effect. */
function requireNoRules(options: ExecRuleOptions): void {
  const other = (["rules", "rule", "allow", "allow-preset"] as const)
    .find((name) => {
      const value = options[name];
      return value !== undefined && value.length > 0;
    });
  if (other === undefined) return;
  throw new UsageError(
    `has no effect beside --learn, which allows everything; leave one of them out`,
    { option: other, others: ["learn"] },
  );
}

function allowed(options: ExecRuleOptions): RuleSource[] {
  const hosts = new Map(
    options.allow.map(({ rule, text }) => [`--allow ${text}`, rule]),
  );
  const presets = options["allow-preset"].map((name) =>
    [`--allow-preset ${name}`, presetRule(name)] as const
  );
  return [...hosts, ...presets].map(([label, rule]) => ({
    lines: [rule],
    place: (_line, column) => `${label}, column ${column}`,
    label: () => label,
  }));
}

function parse(
  sources: readonly RuleSource[],
  explain: (message: string) => Error,
): Rules {
  try {
    return parseRules(sources, { fallback: "deny" });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw explain(error.message);
  }
}
