/**
 * Finds rules without effect or with an unexpected effect, without any traffic.
 *
 * @module
 */

import { parseIpRange } from "../../wire/ip_range.ts";
import { refusedRange, specialRanges } from "./address_guard.ts";
import { whyDead } from "./dead_expression.ts";
import type { Rule } from "./parse_rule.ts";
import type { Clause } from "./clauses.ts";
import {
  type Extent,
  type ExtentName,
  extentOf,
  EXTENTS,
  type RuleExtent,
} from "./extent.ts";
import type { Rules } from "./rules.ts";

/** A finding about a rule. */
export interface RuleFault {
  /** The rule's label. */
  readonly label: string;
  /** `mistake` if the rule has no effect, otherwise `hint`. */
  readonly level: "mistake" | "hint";
  /** What is wrong, in one sentence. */
  readonly message: string;
}

/** A rule with its extent. */
interface Known {
  readonly rule: Rule;
  readonly extent: RuleExtent;
  /** Whether it allows addresses that the guard refuses. */
  readonly isLifting: boolean;
}

/** Most rules named in one sentence. */
const MOST_NAMED = 5;

/**
 * Finds rules that never match, rules that others hide, and rules and values
 * that make no difference.
 *
 * @returns The findings, in the order of the rules.
 */
export function findFaults(rules: Rules): RuleFault[] {
  const known = rules.rules.map((rule) => {
    const extent = extentOf(rule);
    return { rule, extent, isLifting: isLifting(rule) };
  });
  return known.flatMap((one, index): RuleFault[] => {
    const { label } = one.rule;
    // A rule that only reports hides no later rule.
    const before = known.slice(0, index).filter(({ rule }) => !rule.isReport);
    const mistake = whyNever(one) ?? whyHidden(one, before);
    if (mistake !== undefined) {
      return [{ label, level: "mistake", message: mistake }];
    }
    const hints = [
      whyCrossed(one, before),
      whyRedundant(one, known.slice(index + 1), rules),
      ...one.rule.clauses.flatMap(repeatedValues),
    ];
    return hints.filter((hint) => hint !== undefined)
      .map((message) => ({ label, level: "hint", message }));
  });
}

const WORDS: Readonly<Record<ExtentName, string>> = {
  command: "no command is left",
  port: "no port is left",
  user: "no user is left",
  listener: "no listener is left",
  client: "no client is left",
  name: "no name is left",
  to: "no address is left",
  time: "no time is left",
};

function whyNever({ extent, rule }: Known): string | undefined {
  const empty = EXTENTS.find((name) => extent[name].isEmpty);
  if (empty !== undefined) {
    return `never matches: ${WORDS[empty]} when all its conditions hold`;
  }
  const dead = whyNoName(rule);
  if (dead !== undefined) return `never matches: ${dead}`;
  return whyApart(rule);
}

/** Explains why no name can match any of a rule's patterns. */
function whyNoName({ clauses }: Rule): string | undefined {
  const clause = clauses.find(({ isNegated, word }) =>
    word === "name" && !isNegated
  );
  const reasons =
    clause?.values.map(({ text }) =>
      text.startsWith("/") ? whyDead(text.slice(1, -1)) : undefined
    ) ?? [];
  const isDead = reasons.length > 0 && !reasons.includes(undefined);
  return isDead
    ? `no name can match ${clause!.values[0].text}: ${reasons[0]}`
    : undefined;
}

/**
 * Finds a contradiction: clients of a Unix socket have no address, all others
 * have one.
 */
function whyApart({ clauses }: Rule): string | undefined {
  const find = (word: string) =>
    clauses.find((clause) => clause.word === word && !clause.isNegated)?.values;
  const [clients, listeners] = [find("client"), find("listener")];
  if (clients === undefined || listeners === undefined) return undefined;
  const isUnix = clients.every(({ text }) => text === "unix");
  const hasUnixListener = listeners.some(({ text }) =>
    text.startsWith("unix:")
  );
  return isUnix && !hasUnixListener
    ? "never matches: a client without an address comes in on a Unix socket, and no such listener is named"
    : undefined;
}

/**
 * Finds earlier rules that decide everything this one matches, alone or
 * together.
 */
function whyHidden(one: Known, before: readonly Known[]): string | undefined {
  const together = new Map<ExtentName, Known[]>();
  for (const other of before) {
    if (isGuardBetween(other, one)) continue;
    const open = openNames(other.extent, one.extent);
    if (open.length === 0) return tellHidden(one, [other]);
    const [name, second] = open;
    if (second !== undefined || !overlap(other.extent, one.extent)) continue;
    together.set(name!, [...together.get(name!) ?? [], other]);
  }
  for (const [name, others] of together) {
    const all = others.map(({ extent }) => extent[name])
      .reduce((sum, extent) => sum.with(extent));
    if (all.covers(one.extent[name])) return tellHidden(one, others);
  }
  return undefined;
}

function tellHidden(one: Known, others: readonly Known[]): string {
  const isOpposite = others.some(({ rule }) => rule.action !== one.rule.action);
  const labels = others.slice(0, MOST_NAMED).map(({ rule }) => rule.label);
  const more = others.length - labels.length;
  const names = labels.join(", ") + (more > 0 ? ` and ${more} more` : "");
  const [what, verb] = others.length === 1
    ? [`rule ${names}`, "matches"]
    : [`rules ${names}`, "together match"];
  const does = isOpposite ? ", and does the opposite" : "";
  return `never decides: ${what} before it ${verb} everything it could match${does}`;
}

/**
 * The first two kinds of conditions in which one rule does not cover another.
 */
function openNames(extent: RuleExtent, other: RuleExtent): ExtentName[] {
  const open: ExtentName[] = [];
  for (const name of EXTENTS) {
    if (extent[name].covers(other[name])) continue;
    if (open.push(name) === 2) break;
  }
  return open;
}

function covers(extent: RuleExtent, other: RuleExtent): boolean {
  return EXTENTS.every((name) => extent[name].covers(other[name]));
}

function overlap(extent: RuleExtent, other: RuleExtent): boolean {
  return EXTENTS.every((name) => extent[name].overlaps(other[name] as Extent));
}

/**
 * A rule that allows everything does not lift the guard. A later rule that
 * names private addresses still decides about them on public listeners.
 */
function isGuardBetween({ isLifting, rule }: Known, later: Known): boolean {
  return rule.action === "allow" && !isLifting && later.isLifting;
}

function isLifting({ action, clauses }: Rule): boolean {
  if (action !== "allow") return false;
  const to = clauses.find(({ isNegated, word }) => word === "to" && !isNegated);
  return to?.values.some(({ text }) => {
    if (specialRanges(text) !== undefined) return true;
    const { bits, prefix } = parseIpRange(text);
    return bits > 0 && (bits < 8 || refusedRange(prefix) !== undefined);
  }) ?? false;
}

/** Finds an earlier rule that allows a part of what this one denies. */
function whyCrossed(one: Known, before: readonly Known[]): string | undefined {
  if (one.rule.action !== "deny") return undefined;
  const crossed = before.find((other) =>
    other.rule.action === "allow" && overlap(other.extent, one.extent) &&
    !covers(one.extent, other.extent)
  );
  return crossed === undefined
    ? undefined
    : `denies only a part: rule ${crossed.rule.label} before it allows what both match`;
}

/** Tells whether the rule could be removed without any effect. */
function whyRedundant(
  one: Known,
  behind: readonly Known[],
  { fallback }: Rules,
): string | undefined {
  const { action, isAnyProtocol, isReport, message, via } = one.rule;
  if (isReport) return undefined;
  for (const other of behind) {
    const isSame = other.rule.action === action && other.rule.via === via &&
      other.rule.isAnyProtocol === isAnyProtocol &&
      other.rule.message === message && !other.rule.isReport &&
      (!one.isLifting || other.isLifting);
    if (isSame && covers(other.extent, one.extent)) {
      return `makes no difference: rule ${other.rule.label} after it says the same`;
    }
    if (!isSame && overlap(other.extent, one.extent)) return undefined;
  }
  const isDefault = action === fallback && via === undefined &&
    !one.isLifting && !isAnyProtocol && message === undefined;
  return isDefault
    ? `makes no difference: the default is to ${fallback} as well`
    : undefined;
}

/** Finds values that another value of the list covers. */
function repeatedValues(clause: Clause): string[] {
  const name = EXTENTS.find((extent) => extent === clause.word);
  if (name === undefined || clause.values.length === 1) return [];
  const extents = clause.values.map((item) =>
    extentOf({ clauses: [{ ...clause, isNegated: false, values: [item] }] })[
      name
    ]
  );
  return clause.values.flatMap(({ text }, index) => {
    const other = extents.findIndex((extent, position) =>
      position !== index && extent.covers(extents[index] as Extent) &&
      // Of two equal values the second one is redundant.
      (position < index || !extents[index]!.covers(extent as Extent))
    );
    if (other < 0) return [];
    return [`names ${text} twice: ${clause.values[other]!.text} covers it`];
  });
}
