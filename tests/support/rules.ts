/**
 * Rules, and names that mean what a test wants.
 *
 * @module
 */

import type { NameConfig } from "../../lib/serve/target/open_names.ts";
import type { NameSource } from "../../lib/net/names/answer.ts";
import { loadNameRegexps } from "../../lib/policy/rules/name_regexp.ts";
import { parseRules, ruleOption } from "../../lib/policy/rules/parse_rules.ts";
import type { Rules, RulesOptions } from "../../lib/policy/rules/rules.ts";
import { parseIpAddress } from "../../lib/wire/ip_address.ts";

await loadNameRegexps();

/** Makes rules of their lines. */
export function rulesOf(lines: string, options: RulesOptions = {}): Rules {
  return parseRules([ruleOption(lines.split("\n"))], options);
}

/** Answers of a test to those who ask for names. */
export interface TestNames {
  /** Names that were asked for, in that order. */
  readonly asked: string[];
  /** For the configuration of a proxy: nothing is kept. */
  readonly names: NameConfig;
}

/** Answers every name with one list after the other, the last one for ever. */
export function answering(...answers: string[][]): TestNames {
  const asked: string[] = [];
  const source: NameSource = {
    lookup(name) {
      const texts = answers[Math.min(asked.length, answers.length - 1)]!;
      asked.push(name);
      const addresses = texts.map((text) => parseIpAddress(text)!);
      return Promise.resolve({ addresses, exists: true, life: 0 });
    },
  };
  return { asked, names: { source, cacheSize: 0 } };
}
