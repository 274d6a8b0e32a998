/**
 * One rule, from its line.
 *
 * @module
 */

import { CONDITIONS, parseEach, parseLift, type Test } from "./conditions.ts";
import { LineError, type List } from "./rule_line.ts";
import {
  makeTimeTest,
  parseDays,
  parseHours,
  type RuleTime,
  WallClock,
} from "./rule_time.ts";
import { quote } from "../../wire/quote.ts";

/** What rules do. */
export type Action = "allow" | "deny";

/** A rule. */
export interface Rule {
  /** What it is called. */
  readonly label: string;
  /** What it does. */
  readonly action: Action;
  /** The line, without its label and with single spaces. */
  readonly text: string;
  /** Its conditions as they are written. */
  readonly clauses: readonly Clause[];
  /** Its conditions: it matches where all of them hold. */
  readonly tests: readonly Test[];
  /** Whether it names an address with `to`; none where there is no `to`. */
  readonly lifts: Test | undefined;
  /** Name of the parent to go through, or `direct`; where it says so. */
  readonly via: string | undefined;
}

/** A line that is not a rule, but what holds where none matches. */
export interface Default {
  /** What is done then. */
  readonly fallback: Action;
}

/** Names that may stand behind `via`. */
export type KnownParents = ReadonlySet<string> | "any";

/** Words that are not for labels. */
const RESERVED = ["default", "guard"];

const TIME_WORDS = ["day", "time", "zone"];
const VIA = "via";
const WORDS = [...Object.keys(CONDITIONS), ...TIME_WORDS, VIA];

/** A condition as it is written. */
export interface Clause {
  /** What it is about, such as `port`. */
  readonly word: string;
  /** Where it begins, counted from 1. */
  readonly column: number;
  /** Whether `not` stands before it. */
  readonly isNegated: boolean;
  /** What it lists. */
  readonly values: List;
}

/**
 * Parses a rule.
 *
 * @param lists The line, cut; not empty.
 * @param place What the rule is called where it has no label.
 * @param parents Names that may stand behind `via`, besides `direct`.
 * @returns The rule, or the default.
 * @throws {LineError} If it is malformed.
 */
export function parseRule(
  lists: readonly List[],
  place: string,
  parents: KnownParents = new Set(),
): Rule | Default {
  const queue = [...lists];
  const label = takeLabel(queue) ?? place;
  const [first, ...rest] = queue;
  const action = wordOf(first);
  if (action === "default" && label === place) return parseDefault(lists);
  if (action !== "allow" && action !== "deny") {
    throw new LineError(
      first?.[0].column ?? endOf(lists),
      `expected allow or deny${first ? `, not ${quoteFirst(action!)}` : ""}`,
    );
  }
  const clauses = parseClauses(rest, endOf(lists));
  const to = clauses.find(({ word, isNegated }) => word === "to" && !isNegated);
  return {
    label,
    action,
    text: queue.map((list) => list.map(format).join(",")).join(" "),
    clauses,
    tests: makeTests(clauses, action),
    lifts: to && parseLift(to.values),
    via: parseVia(clauses, action, parents),
  };
}

/** It may be a password there: `alice:secret`, `password=secret`. */
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
      } is no label: expected up to 64 letters, digits and . _ -, and neither ${
        RESERVED.join(" nor ")
      }`,
    );
  }
  return label;
}

function parseDefault(lists: readonly List[]): Default {
  const [, second, third] = lists;
  const action = wordOf(second);
  if (action !== "allow" && action !== "deny") {
    throw new LineError(
      second?.[0].column ?? endOf(lists),
      "expected default allow or default deny",
    );
  }
  if (third === undefined) return { fallback: action };
  throw new LineError(third[0].column, "expected nothing behind the default");
}

function parseClauses(lists: readonly List[], end: number): Clause[] {
  const clauses: Clause[] = [];
  const seen = new Set<string>();
  for (let n = 0; n < lists.length; n++) {
    const isNegated = wordOf(lists[n]) === "not";
    if (isNegated) n++;
    const column = lists[n]?.[0].column ?? end;
    const word = wordOf(lists[n]) ?? "";
    const isPlain = word === "zone" || word === VIA;
    if (!WORDS.includes(word) || isNegated && isPlain) {
      const found = word === "" ? "" : `, not ${quote(word)}`;
      throw new LineError(
        column,
        `expected a condition (${WORDS.join(", ")})${found}`,
      );
    }
    const values = lists[++n];
    if (values === undefined) {
      throw new LineError(end, `expected values for ${quote(word)}`);
    }
    // Days and times make one test, so that only one of each has a meaning.
    const key = isNegated && !TIME_WORDS.includes(word) ? `not ${word}` : word;
    if (seen.has(key)) {
      throw new LineError(
        column,
        `${quote(key)} is given twice: separate its values by commas`,
      );
    }
    seen.add(key);
    clauses.push({ word, column, isNegated, values });
  }
  return clauses;
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
  const said: RuleTime = {};
  if (days !== undefined) {
    const values = new Set(
      parseEach(days.values, (text) => parseDays(text)).flat(),
    );
    said.days = { values, isNegated: days.isNegated };
  }
  if (hours !== undefined) {
    const values = parseEach(hours.values, (text) => parseHours(text));
    said.hours = { values, isNegated: hours.isNegated };
  }
  if (zone !== undefined) said.clock = parseZone(zone.values);
  const isTime = makeTimeTest(said);
  return (subject) => isTime(subject.time);
}

/** It says how to go, not when the rule holds. */
function parseVia(
  clauses: readonly Clause[],
  action: Action,
  parents: KnownParents,
): string | undefined {
  const via = clauses.find(({ word }) => word === VIA);
  if (via === undefined) return undefined;
  const [{ text, column }, second] = via.values;
  if (action === "deny") {
    throw new LineError(via.column, "expected no 'via': nothing goes anywhere");
  }
  if (second !== undefined) {
    throw new LineError(second.column, "expected one parent");
  }
  if (text === "direct" || parents === "any" || parents.has(text)) return text;
  const known = ["direct", ...parents].join(", ");
  throw new LineError(column, `${quote(text)} is no parent: expected ${known}`);
}

function parseZone(values: List): WallClock {
  const [, second] = values;
  if (second !== undefined) {
    throw new LineError(second.column, "expected one time zone");
  }
  return parseEach(values, (text) => WallClock.in(text))[0]!;
}

/** The word that a list of one is. */
function wordOf(list: List | undefined): string | undefined {
  return list?.map(format).join();
}

function format({ text, isQuoted }: List[0]): string {
  return isQuoted ? `"${text}"` : text;
}

/** The column behind the last value. */
function endOf(lists: readonly List[]): number {
  const { column, text, isQuoted } = lists.at(-1)!.at(-1)!;
  return column + text.length + (isQuoted ? 2 : 0);
}
