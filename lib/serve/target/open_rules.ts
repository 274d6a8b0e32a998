/**
 * The rules of a command, from the command line and a file.
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
  /** Told that another list is in force. */
  onChange?: () => void;
}

/** Rules, and what they come from. */
export interface OpenedRules {
  /** The list in force. */
  book: RuleBook;
  /** The file, where there is one. */
  files: readonly WatchedFile<Rules>[];
}

/**
 * Puts the rules of the command line before those of the file. When the file
 * changes, the list in force does; connections stay. The parser is loaded here,
 * so that a proxy without rules starts without it.
 *
 * @param options What the command line says.
 * @param log Takes what there is to say.
 * @param settings Clock and words of the rules, and what opens their file.
 * @returns The rules.
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

/** A mistake in an option is told as one. */
function blameOption(error: unknown): never {
  if (!(error instanceof SyntaxError)) throw error;
  throw new UsageError(error.message, { option: "rule" });
}
