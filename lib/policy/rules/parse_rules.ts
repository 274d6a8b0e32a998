/**
 * Parses lists of rules.
 *
 * @module
 */

import { loadNameRegexps } from "./name_regexp.ts";
import {
  type Default,
  parseRule,
  type Rule,
  type RuleWords,
} from "./parse_rule.ts";
import { LineError, splitLine } from "./line.ts";
import { Rules, type RulesOptions } from "./rules.ts";
import { type RuleProblem, RulesError } from "./error.ts";
import { quote } from "../../wire/quote.ts";

/** Most rules in one list. Each costs 50 to 100 ns per question. */
const MOST_RULES = 10_000;

/** Longest line in characters. */
const LONGEST_LINE = 65_536;

/** Beginnings of other files that are given by mistake, and their kinds. */
const STRANGERS: readonly (readonly [begin: RegExp, what: string])[] = [
  [/^-----BEGIN /, "a certificate or a key in PEM"],
  [/^\s*[^\s:]+:[$!*{]/, "a line of a users file"],
  [/\0/, "no text"],
];

/** An empty file must not let everybody through. */
const NO_RULES =
  "expected a rule, but there is none; write 'default allow' to let everybody through, or 'default deny' to let nobody";

/** A source of rules: a file or an option. */
export interface RuleSource {
  /** The lines. */
  readonly lines: readonly string[];
  /** Describes a place; line and column count from 1. */
  readonly place: (line: number, column: number) => string;
  /** Labels a rule that has none. */
  readonly label: (line: number) => string;
  /**
   * Whether it must contain a rule (default false). An empty file may be half
   * written, and would let everybody through.
   */
  readonly isRequired?: boolean;
}

/**
 * Creates a source from a file's text.
 *
 * @param file The file's path; only its last part is in labels.
 */
export function ruleFile(text: string, file: string): RuleSource {
  const base = file.replace(/^.*[/\\]/, "");
  return {
    lines: text.replace(/^\ufeff/, "").split("\n"),
    place: (line, column) => `${file}:${line}:${column}`,
    label: (line) => `${base}:${line}`,
    isRequired: true,
  };
}

/**
 * Creates a source from values of `--rule`.
 *
 * @param texts One rule each.
 */
export function ruleOption(texts: readonly string[]): RuleSource {
  return {
    lines: texts,
    place: (line, column) => `rule ${line}, column ${column}`,
    label: (line) => `--rule ${line}`,
  };
}

/**
 * Loads the library for regular expressions, if rules may contain any.
 *
 * @param sources Rules that will be parsed next.
 */
export async function loadRegexps(
  sources: readonly RuleSource[],
): Promise<void> {
  const mayHaveOne = (line: string) => /(^|[\s,"])\//.test(line);
  if (sources.some(({ lines }) => lines.some(mayHaveOne))) {
    await loadNameRegexps();
  }
}

/**
 * Parses rules.
 *
 * @param sources The sources, in order of precedence.
 * @param options Options of the list.
 * @throws {RulesError} With the first mistake of each line, or for a file
 *   without rules.
 */
export function parseRules(
  sources: readonly RuleSource[],
  options: RulesOptions = {},
): Rules {
  const list = new RuleList(options);
  for (const source of sources) list.takeAll(source);
  const { problems, rules, written } = list;
  if (problems.length > 0) throw new RulesError(problems);
  return new Rules(rules, options, written);
}

/** Rules under construction. */
class RuleList {
  readonly rules: Rule[] = [];
  readonly problems: RuleProblem[] = [];
  written: Default | undefined;
  readonly #labels = new Set<string>();
  readonly #known: RuleWords;

  constructor(known: RuleWords) {
    this.#known = known;
  }

  takeAll(source: RuleSource): void {
    const stranger = strangerOf(source);
    if (stranger !== undefined) {
      this.problems.push(stranger);
      return;
    }
    const before = this.rules.length + this.problems.length;
    let isOver = false;
    for (let number = 1; number <= source.lines.length; number++) {
      try {
        isOver = this.#take(source, number, isOver);
      } catch (error) {
        if (!(error instanceof LineError)) throw error;
        const { column, message } = error;
        this.problems.push({ place: source.place(number, column), message });
      }
    }
    const isEmpty = !isOver &&
      this.rules.length + this.problems.length === before;
    if (!isEmpty || source.isRequired !== true) return;
    this.problems.push({ place: source.place(1, 1), message: NO_RULES });
  }

  /** Takes a line; returns whether it was the default. */
  #take(source: RuleSource, number: number, isOver: boolean): boolean {
    const found = parseLine(source, number, this.#known);
    if (found === undefined) return isOver;
    const { column, rule } = found;
    if (isOver) throw new LineError(column, "expected the default to be last");
    if ("fallback" in rule) {
      if (this.written !== undefined) {
        throw new LineError(column, "expected only one default");
      }
      this.written = rule;
      return true;
    }
    if (this.#labels.has(rule.label)) {
      throw new LineError(column, `label ${quote(rule.label)} is given twice`);
    }
    if (this.rules.length === MOST_RULES) {
      throw new LineError(column, `expected at most ${MOST_RULES} rules`);
    }
    this.#labels.add(rule.label);
    this.rules.push(rule);
    return false;
  }
}

/** Recognises another kind of file. The message repeats none of its lines. */
function strangerOf({ lines, place }: RuleSource): RuleProblem | undefined {
  for (const [index, line] of lines.entries()) {
    const found = STRANGERS.find(([begin]) => begin.test(line));
    if (found === undefined) continue;
    const message = `expected a rule, but this is ${found[1]}`;
    return { place: place(index + 1, 1), message };
  }
  return undefined;
}

function parseLine(
  { lines, label }: RuleSource,
  number: number,
  known: RuleWords,
) {
  const line = lines[number - 1]!;
  if (line.length > LONGEST_LINE) {
    throw new LineError(LONGEST_LINE, "expected the line to end here");
  }
  const lists = splitLine(line);
  const [first] = lists;
  if (first === undefined) return undefined;
  return {
    column: first[0].column,
    rule: parseRule(lists, label(number), known),
  };
}
