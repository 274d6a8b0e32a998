/**
 * Parses one rule.
 *
 * @module
 */

import { CONDITIONS, parseEach, parseLift, type Test } from "./conditions.ts";
import { LineError, type List } from "./line.ts";
import {
  makeTimeTest,
  parseDays,
  parseHours,
  type RuleTime,
  WallClock,
} from "./time.ts";
import {
  type Clause,
  endOf,
  formatItem,
  parseClauses,
  TIME_WORDS,
  wordOf,
} from "./clauses.ts";
import {
  type Action,
  type KnownParents,
  parseExtras,
  type RuleExtras,
} from "./extras.ts";
import { quote } from "../../wire/quote.ts";

/** A rule. */
export interface Rule extends RuleExtras {
  /** Its label. */
  readonly label: string;
  /** Its action. */
  readonly action: Action;
  /** Whether a `deny` only reports what it would deny. */
  readonly isReport: boolean;
  /** The line, without its label and with single spaces. */
  readonly text: string;
  /** Its conditions as written. */
  readonly clauses: readonly Clause[];
  /** The tests of its conditions; it matches if all hold. */
  readonly tests: readonly Test[];
  /** Tests whether its `to` names an address; `undefined` without `to`. */
  readonly lifts: Test | undefined;
  /** Whether it has a condition on the target's name. */
  readonly asksName: boolean;
}

/** The default: a line that applies if no rule matches. */
export interface Default extends Pick<RuleExtras, "message"> {
  /** The default action. */
  readonly fallback: Action;
  /** Whether `deny` only reports what it would deny. */
  readonly isReport: boolean;
}

/** The allowed words of a list of rules. */
export interface RuleWords {
  /** Names allowed after `via`, besides `direct` (default none). */
  readonly parents?: KnownParents | undefined;
  /** Conditions that have a meaning for this server (default all). */
  readonly words?: readonly string[] | undefined;
}

/** Words that can't be labels. */
const RESERVED = ["default", "guard", "name-mismatch"];

const REPORT = "report";

/**
 * Parses a rule.
 *
 * @param lists The words of the line; not empty.
 * @param place The label of a rule without one.
 * @param known The allowed words.
 * @returns The rule, or the default.
 * @throws {LineError} If it is malformed.
 */
export function parseRule(
  lists: readonly List[],
  place: string,
  known: RuleWords = {},
): Rule | Default {
  const queue = [...lists];
  const end = endOf(lists);
  const label = takeLabel(queue) ?? place;
  const isReport = wordOf(queue[0]) === REPORT;
  const [first, ...rest] = isReport ? queue.slice(1) : queue;
  const action = wordOf(first);
  if (action === "default" && label === place) {
    return parseDefault(rest, { end, isReport });
  }
  const column = first?.[0].column ?? end;
  if (action !== "allow" && action !== "deny") {
    throw new LineError(
      column,
      `expected allow or deny${first ? `, not ${quoteFirst(action!)}` : ""}`,
    );
  }
  requireDeny(action, isReport, column);
  const clauses = parseClauses(rest, end, known.words);
  const to = clauses.find(({ word, isNegated }) => word === "to" && !isNegated);
  return {
    label,
    action,
    isReport,
    text: queue.map((list) => list.map(formatItem).join(",")).join(" "),
    clauses,
    tests: makeTests(clauses, action),
    lifts: to && parseLift(to.values),
    asksName: clauses.some(({ word }) => word === "name"),
    ...parseExtras(clauses, action, known.parents),
  };
}

/** A rule that allows has no denial to report. */
function requireDeny(action: Action, isReport: boolean, column: number): void {
  if (!isReport || action === "deny") return;
  throw new LineError(column, "expected deny after 'report', not 'allow'");
}

/**
 * Shows the first word, unless it may contain a password: `alice:secret`,
 * `password=secret`.
 */
function quoteFirst(word: string): string {
  return quote(word.replace(/([:=]).+$/s, "$1…"));
}

function takeLabel(queue: List[]): string | undefined {
  const [item, ...more] = queue[0] ?? [];
  if (item === undefined || item.isQuoted) return undefined;
  if (more.length > 0 || !item.text.endsWith(":")) return undefined;
  queue.shift();
  const label = item.text.slice(0, -1);
  if (!/^[\w.-]{1,64}$/.test(label) || RESERVED.includes(label)) {
    throw new LineError(
      item.column,
      `${
        quote(label)
      } is not a label: expected up to 64 letters, digits and . _ -, and neither ${
        RESERVED.join(" nor ")
      }`,
    );
  }
  return label;
}

function parseDefault(
  [first, ...rest]: readonly List[],
  { end, isReport }: { end: number; isReport: boolean },
): Default {
  const fallback = wordOf(first);
  const column = first?.[0].column ?? end;
  if (fallback !== "allow" && fallback !== "deny") {
    throw new LineError(column, "expected default allow or default deny");
  }
  requireDeny(fallback, isReport, column);
  const [next] = rest;
  if (next !== undefined && wordOf(next) !== "message") {
    throw new LineError(
      next[0].column,
      "expected nothing after the default, except a message",
    );
  }
  const { message } = parseExtras(parseClauses(rest, end), fallback);
  return { fallback, isReport, message };
}

function makeTests(clauses: readonly Clause[], action: Action): Test[] {
  const tests = Object.entries(CONDITIONS).flatMap(([name, parse]) =>
    clauses.filter(({ word }) => word === name)
      .map(({ values, isNegated }) => {
        const isWide = (action === "deny") !== isNegated;
        const test = parse(values, { isWide });
        return isNegated ? negate(test) : test;
      })
  );
  const time = makeTime(clauses);
  return time === undefined ? tests : [time, ...tests];
}

function negate(test: Test): Test {
  return (subject) => {
    const holds = test(subject);
    return holds === undefined ? undefined : !holds;
  };
}

function makeTime(clauses: readonly Clause[]): Test | undefined {
  const find = (name: string) => clauses.find(({ word }) => word === name);
  const [days, hours, zone] = TIME_WORDS.map(find);
  if (zone !== undefined && days === undefined && hours === undefined) {
    throw new LineError(zone.column, "expected 'day' or 'time' beside 'zone'");
  }
  if (days === undefined && hours === undefined) return undefined;
  const time: RuleTime = {};
  if (days !== undefined) {
    const values = new Set(
      parseEach(days.values, (text) => parseDays(text)).flat(),
    );
    time.days = { values, isNegated: days.isNegated };
  }
  if (hours !== undefined) {
    const values = parseEach(hours.values, (text) => parseHours(text));
    time.hours = { values, isNegated: hours.isNegated };
  }
  if (zone !== undefined) time.clock = parseZone(zone.values);
  const isTime = makeTimeTest(time);
  return (subject) => isTime(subject.time);
}

function parseZone(values: List): WallClock {
  const [, second] = values;
  if (second !== undefined) {
    throw new LineError(second.column, "expected one time zone");
  }
  return parseEach(values, (text) => WallClock.in(text))[0]!;
}
