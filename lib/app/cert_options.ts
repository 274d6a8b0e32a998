/**
 * Options of the commands that deal with certificates.
 *
 * @module
 */

import { KEY_KINDS, type KeyKind } from "./certificate_keys.ts";
import { parseCertificateName } from "./certificate_name.ts";
import { flag, operand, type Option, single } from "./option.ts";

/** A century. */
const MOST_DAYS = 36_500;

/** Options of all of them. */
export const CERT_OPTIONS = {
  "dir": single(
    "DIR",
    "certs",
    parseDirectory,
    "where the authority, keys and certificates are",
  ),
  "help": flag("print this and exit", "h"),
  "version": flag("print the version and exit", "V"),
};

/** Kind of key to make. */
export const KEY_OPTION: Option<KeyKind> = single(
  "ecdsa|rsa",
  "ecdsa",
  parseKeyKind,
  "kind of key: ECDSA on P-256, or RSA with 3072 bits",
);

/** Which certificate. */
export const NAME_OPERAND: Option<string> = operand(
  "NAME",
  "name of the certificate and its files: 64 characters at most",
  (given) => {
    const [name] = given;
    if (name === undefined || given.length > 1) {
      throw new SyntaxError("expected one name");
    }
    return parseCertificateName(name);
  },
);

/**
 * Makes the option that says how long a certificate is valid.
 *
 * @param initial Its default.
 * @returns The option, in days.
 */
export function daysOption(initial: string): Option<number> {
  return single("N", initial, parseDays, "days that it is valid");
}

/**
 * Writes a word as a shell reads it.
 *
 * @param word The word.
 * @returns The word, in quotes where it needs them.
 */
export function quoteWord(word: string): string {
  if (/^[\w@%+:,./-]+$/.test(word) && !word.startsWith("-")) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * Writes the start of the next command to type.
 *
 * @param command Which command.
 * @param directory What `--dir` was.
 * @returns The words up to what the command takes.
 */
export function nextCommand(command: string, directory: string): string {
  const isDefault = CERT_OPTIONS.dir.parse([]) === directory;
  const option = isDefault ? "" : ` --dir ${quoteWord(directory)}`;
  return `sluice cert ${command}${option}`;
}

function parseDirectory(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new SyntaxError("a path with control characters");
  }
  return text.replace(/(?<=.)\/+$/, "");
}

function parseKeyKind(text: string): KeyKind {
  const kind = KEY_KINDS.find((kind) => kind === text);
  if (kind === undefined) {
    throw new SyntaxError(`'${text}' is neither ecdsa nor rsa`);
  }
  return kind;
}

function parseDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text) || Number(text) > MOST_DAYS) {
    throw new SyntaxError(
      `'${text}' is not a whole number from 1 to ${MOST_DAYS}`,
    );
  }
  return Number(text);
}
