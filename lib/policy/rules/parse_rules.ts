/**
 * Lists of rules as text.
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
import { LineError, splitLine } from "./rule_line.ts";
import { Rules, type RulesOptions } from "./rules.ts";
import { type RuleProblem, RulesError } from "./rules_error.ts";
import { quote } from "../../wire/quote.ts";

/** Rules in one list. Walking them takes 50 ns to 100 ns each. */
const MOST_RULES = 10_000;

/** Longest line in characters. */
const LONGEST_LINE = 65_536;

/** What files begin with that are named by mistake, with what is in them. */
const STRANGERS: readonly (readonly [begin: RegExp, what: string])[] = [
  [/^-----BEGIN /, "a certificate or a key in PEM"],
  [/^\s*[^\s:]+:[$!*{]/, "a line of a users file"],
  [/\0/, "no text"],
];

/** Nobody is let through because nothing is said. */
const NO_RULES =
  "expected a rule, but there is none; write 'default allow' to let everybody through, or 'default deny' to let nobody";

/** Where rules come from: the lines of a file, or those of an option. */
export interface RuleSource {
  /** The lines. */
  readonly lines: readonly string[];
  /** Tells where a mistake is, line and column counted from 1. */
  readonly place: (line: number, column: number) => string;
  /** What a rule without a label is called. */
  readonly label: (line: number) => string;
  /**
   * Whether it has to say something (default false): a file without a line may
   * be one that is being written, and would let everybody through.
   */
  readonly isRequired?: boolean;
}

/**
 * Makes a source of a file's text.
 *
 * @param text The text.
 * @param file The file's path; only its last part is in labels.
 * @returns The source.
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
 * Makes a source of the values of `--rule`.
 *
 * @param texts A rule each.
 * @returns The source.
 */
export function ruleOption(texts: readonly string[]): RuleSource {
  return {
    lines: texts,
    place: (line, column) => `rule ${line}, column ${column}`,
    label: (line) => `--rule ${line}`,
  };
}

/**
 * Loads what regular expressions need, if there may be any.
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
 * @param sources Where they are, in the order in which they hold.
 * @param options Options of the list.
 * @returns The list.
 * @throws {RulesError} With the first mistake of each line that has one, or of
 *   a file without rules.
 */
export function parseRules(
  sources: readonly RuleSource[],
  options: RulesOptions = {},
): Rules {
  const list = new RuleList(options);
  for (const source of sources) list.takeAll(source);
  const { fallback, problems, rules } = list;
  if (problems.length > 0) throw new RulesError(problems);
  return new Rules(rules, { ...options, ...fallback });
}

/** What a line of the default says of the list. */
type DefaultOptions = Pick<
  RulesOptions,
  "fallback" | "fallbackMessage" | "isFallbackReported"
>;

function defaultOptions(
  { fallback, isReport, message }: Default,
): DefaultOptions {
  return {
    fallback,
    ...isReport ? { isFallbackReported: true } : {},
    ...message === undefined ? {} : { fallbackMessage: message },
  };
}

/** Rules while they are read. */
class RuleList {
  readonly rules: Rule[] = [];
  readonly problems: RuleProblem[] = [];
  fallback: DefaultOptions | undefined;
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

  /** Takes a line; gives whether the default has come. */
  #take(source: RuleSource, number: number, isOver: boolean): boolean {
    const found = parseLine(source, number, this.#known);
    if (found === undefined) return isOver;
    const { column, rule } = found;
    if (isOver) throw new LineError(column, "expected the default to be last");
    if ("fallback" in rule) {
      if (this.fallback !== undefined) {
        throw new LineError(column, "expected only one default");
      }
      this.fallback = defaultOptions(rule);
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

/** Not one line of what is another file's is repeated. */
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
