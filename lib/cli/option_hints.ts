/**
 * Guesses what the user meant by an unknown argument.
 *
 * @module
 */

import type { OptionTable } from "./option.ts";

/**
 * Other programs' names for Sluice's options. For a name of several, the first
 * that the command has counts.
 */
const SYNONYMS: Readonly<Record<string, readonly string[]>> = {
  "listen": ["l", "p", "port", "host", "address", "addr"],
  "upstreams": ["upstream"],
  "via": ["proxy", "x", "upstream"],
  "user": ["u", "auth", "password", "username"],
  "users": ["u", "auth", "password", "username"],
  "rules": ["acl"],
  "tls-cert": ["cert"],
  "tls-key": ["key"],
  "tls-client-ca": ["cacert"],
  "upstream-ca": ["cacert"],
  "workers": ["threads"],
  "idle-timeout": ["timeout"],
  "config": ["c", "file", "f"],
  "version": ["v"],
  "quiet": ["silent", "q"],
};

/** Text that looks like a port or an address with a port. */
const PLACE = /^(?:(?:[\w.-]*|\[[\da-f:.]+\]):)?\d{1,5}$|^unix:./i;

/** Words that ask a command for information, with dashes. */
const ASKED = ["help", "version"];

/** Text that looks like a configuration file. */
const CONFIG = /\.jsonc?$/i;

/**
 * Finds the option for another program's name.
 *
 * @param name Name as typed, without dashes.
 * @param table The command's options.
 * @returns A sentence with the option; `undefined` if the name is unknown.
 */
export function hintAtOption(
  name: string,
  table: OptionTable,
): string | undefined {
  const operand = operandOf(table);
  if (operand?.startsWith("-- ")) {
    return `put the other command's options after --: -- --${name}`;
  }
  const asWord = `write it without dashes, as ${operand}`;
  const isNamed = operand?.split(/\W+/).includes(name.toUpperCase());
  if (isNamed) return asWord;
  const isConfig = name === "c" || name === "config";
  if (isConfig && !Object.hasOwn(table, "config")) {
    return "did you mean 'sluice run -c FILE'?";
  }
  const options = [name, ...optionsMeant(name)];
  const meant = options.find((option) => Object.hasOwn(table, option));
  if (meant === undefined) {
    return options.includes("listen") && /LISTEN|TARGET/.test(operand ?? "")
      ? asWord
      : undefined;
  }
  const { isOperand, kind, short, value } = table[meant]!;
  if (isOperand) return `write it without dashes, as ${value}`;
  const letter = short === undefined ? "" : ` (-${short})`;
  const example = kind === "flag" ? "" : ` ${value}`;
  return `did you mean --${meant}${example}${letter}?`;
}

/**
 * Finds the name for another program's name.
 *
 * @param name Name as written, without dashes.
 * @param known Valid names.
 * @returns The valid name; `undefined` if the name is unknown.
 */
export function synonymOf(
  name: string,
  known: readonly string[],
): string | undefined {
  return optionsMeant(name).find((option) => known.includes(option));
}

function optionsMeant(name: string): string[] {
  return Object.keys(SYNONYMS)
    .filter((option) => SYNONYMS[option]!.includes(name));
}

/**
 * Finds the option for a word, judged by its form.
 *
 * @param word Word as typed, not a secret.
 * @param table The command's options.
 * @returns A sentence with the option; `undefined` if no option fits.
 */
export function hintAtWord(
  word: string,
  table: OptionTable,
): string | undefined {
  const isThere = (name: string) =>
    Object.hasOwn(table, name) && !table[name]!.isOperand;
  if (ASKED.includes(word)) return `did you mean --${word}?`;
  if (PLACE.test(word)) {
    const place = ["listen", "target"].find(isThere);
    return place && `did you mean --${place} ${word}?`;
  }
  const looksLikeFile = CONFIG.test(word) || /[./]/.test(word);
  const file = looksLikeFile ? pathNamed(word, table) : undefined;
  if (file !== undefined) return `did you mean --${file} ${word}?`;
  if (isThere("config") && looksLikeFile) return `did you mean -c ${word}?`;
  if (CONFIG.test(word)) return `did you mean 'sluice run -c ${word}'?`;
  return undefined;
}

/** The path option whose name is that of the file, such as `rules.txt`. */
function pathNamed(word: string, table: OptionTable): string | undefined {
  const [, stem = ""] = /([^/.]+)(?:\.\w+)?$/.exec(word) ?? [];
  return Object.keys(table).find((name) =>
    name === stem && table[name]!.kind === "path"
  );
}

function operandOf(table: OptionTable): string | undefined {
  return Object.values(table).find(({ isOperand }) => isOperand)?.value;
}
