/**
 * Opens the rules of a command line and of a file.
 *
 * @module
 */

import { countOf } from "../../observe/count_of.ts";
import type { LogEvent } from "../../observe/log_event.ts";
import type { RuleSource } from "../../policy/rules/parse_rules.ts";
import {
  type RuleBook,
  Rules,
  type RulesOptions,
} from "../../policy/rules/rules.ts";
import type { RuleOptions } from "../options/rules.ts";
import { concerning, UsageError } from "../../cli/usage_error.ts";
import { ServerFiles } from "../server_files.ts";
import type { WatchedFile } from "../../cli/watched_file.ts";

/** Options for {@linkcode openRules}. */
export interface OpenRulesOptions extends RulesOptions {
  /** Opens the file (default: it is read). */
  files?: ServerFiles | undefined;
  /** Called after a change of the rules in force. */
  onChange?: () => void;
}

/** Rules and their files. */
export interface OpenedRules {
  /** The rules in force. */
  book: RuleBook;
  /** The rules file, if there is one. */
  files: readonly WatchedFile<Rules>[];
}

/**
 * Joins the rules of the command line and, after them, those of the file. A
 * change of the file replaces the rules in force. The parser is imported
 * lazily, so that a proxy without rules starts faster.
 *
 * @param options Values of the options.
 * @param log Receives log events.
 * @param settings Clock and allowed words of the rules, and the source of their
 *   file.
 * @throws {UsageError} If a rule of the command line is malformed.
 * @throws {StartError} If the file can't be read or is malformed.
 */
export async function openRules(
  options: RuleOptions,
  log: (event: LogEvent) => void,
  { files = new ServerFiles(), onChange, ...settings }: OpenRulesOptions = {},
): Promise<OpenedRules> {
  const { rule, rules: path, "rules-mode": mode } = options;
  const given = { ...settings, isReport: mode === "report" };
  if (rule.length === 0 && path === undefined) {
    return { book: { current: new Rules([], given) }, files: [] };
  }
  const { loadRegexps, parseRules, ruleFile, ruleOption } = await import(
    "../../policy/rules/parse_rules.ts"
  );
  async function parse(...sources: RuleSource[]): Promise<Rules> {
    await loadRegexps(sources);
    return parseRules(sources, given);
  }
  const fixed = ruleOption(rule);
  const book = { current: await parse(fixed).catch(blameOption) };
  if (path === undefined) return { book, files: [] };
  const file = await concerning("rules", () =>
    files.open<Rules>(path, {
      what: "rules",
      parse: (text) => parse(fixed, ruleFile(text, path)),
      describe: ({ size }) => countOf(size, "rule"),
      log,
    }));
  book.current = file.value;
  file.onReload((rules) => {
    book.current = rules;
    onChange?.();
  });
  return { book, files: [file] };
}

/** Reports a mistake in `--rule` as one of that option. */
function blameOption(error: unknown): never {
  if (!(error instanceof SyntaxError)) throw error;
  throw new UsageError(error.message, { option: "rule" });
}
