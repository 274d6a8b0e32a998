/**
 * Common options of the certificate commands.
 *
 * @module
 */

import { quote } from "../wire/quote.ts";
import { KEY_KINDS, type KeyKind } from "../serve/tls/certificate/keys.ts";
import { parseCertificateName } from "./name.ts";
import { ASK_OPTIONS } from "../serve/options/common.ts";
import { choice, count, operand, path } from "../cli/declare_options.ts";
import type { Option } from "../cli/option.ts";
import { quoteShellWord } from "../cli/quote_shell_word.ts";

/** A century. */
const MOST_DAYS = 36_500;

/** Options of all certificate commands. */
export const CERT_OPTIONS = {
  "dir": path({
    value: "DIR",
    default: "certs",
    help: "folder of the authority, keys and certificates",
  }, parseDirectory),
  ...ASK_OPTIONS,
};

/** Kind of the new key. */
export const KEY_OPTION: Option<KeyKind, never> = choice(KEY_KINDS, {
  default: "ecdsa",
  help: "kind of key: ECDSA on P-256, or RSA with 3072 bits",
});

/** Name of a certificate. */
export const NAME_OPERAND: Option<string, never> = operand("text", {
  value: "NAME",
  help: "name of the certificate and of its files, at most 64 characters",
}, (given) => parseCertificateName(oneWord(given)));

/**
 * Creates the option for the validity of a certificate.
 *
 * @param initial Its default.
 * @returns The option, in days.
 */
export function daysOption(initial: string): Option<number, never> {
  return count({
    default: initial,
    most: String(MOST_DAYS),
    help: "days of validity",
  });
}

/**
 * Returns the single word of an operand.
 *
 * @param given The words on the command line.
 * @throws {SyntaxError} If there is no word, or more than one.
 */
export function oneWord(given: readonly string[]): string {
  const [word] = given;
  if (word !== undefined && given.length === 1) return word;
  const all = given.map((text) => quote(text)).join(", ");
  throw new SyntaxError(
    word === undefined
      ? "it is missing; give one name"
      : `${all} are ${given.length} names; give one`,
  );
}

/**
 * Writes the start of the next command to type.
 *
 * @param command The command after `sluice cert`.
 * @param directory Value of `--dir`.
 * @returns The command line up to the operands.
 */
export function nextCommand(command: string, directory: string): string {
  const isDefault = CERT_OPTIONS.dir.parse([]) === directory;
  const option = isDefault ? "" : ` --dir ${quoteShellWord(directory)}`;
  return `sluice cert ${command}${option}`;
}

function parseDirectory(text: string): string {
  // deno-lint-ignore no-control-regex
  if (/[\u0000-\u001f\u007f]/.test(text)) {
    throw new SyntaxError("a path with control characters");
  }
  return text.replace(/(?<=.)\/+$/, "");
}
