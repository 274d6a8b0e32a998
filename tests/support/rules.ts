/**
 * Rules, and names with any addresses.
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

/** Parses rules from lines. */
export function rulesOf(lines: string, options: RulesOptions = {}): Rules {
  return parseRules([ruleOption(lines.split("\n"))], options);
}

/** A test's answers to name lookups. */
export interface TestNames {
  /** Requested names, in order. */
  readonly asked: string[];
  /** The configuration for a proxy, without a cache. */
  readonly names: NameConfig;
}

/** Answers lookups with one list after another, and repeats the last one. */
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
