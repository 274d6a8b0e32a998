/**
 * Names of certificates, which are also names of files.
 *
 * @module
 */

import { parseSubjectAltName } from "../serve/subject_alt_names.ts";

/** Longest common name in characters (RFC 5280 appendix A.1). */
const LONGEST = 64;

/** Characters without a special meaning in file names on any system. */
const FILE_NAME = /^[a-z\d][a-z\d._+@-]*$/i;

/**
 * The part of a mail address before the `@`: a dot-string (RFC 5321 §4.1.2).
 */
const MAILBOX = /^[a-z\d_+-]+(?:\.[a-z\d_+-]+)*$/i;

/**
 * Parses the name of a certificate: letters, digits, `.`, `_`, `-`, `+`, and
 * `@` in a mail address.
 *
 * @returns The name unchanged.
 * @throws {SyntaxError} If the name is not allowed; the message says why.
 */
export function parseCertificateName(text: string): string {
  if (text.length > LONGEST) {
    throw new SyntaxError(
      `the name has ${text.length} characters, more than ${LONGEST}`,
    );
  }
  if (!FILE_NAME.test(text)) {
    throw new SyntaxError(
      `'${text}' can't be the name of a file everywhere; begin with a letter or digit, and use only those and . _ - + @`,
    );
  }
  // Some file systems do not distinguish CA from ca.
  if (text.toLowerCase() === "ca") {
    throw new SyntaxError(`'${text}' is the name of the authority's files`);
  }
  if (text.includes("@")) checkMailbox(text);
  return text;
}

function checkMailbox(text: string): void {
  const [mailbox, domain, ...more] = text.split("@");
  const isAddress = more.length === 0 && MAILBOX.test(mailbox!) &&
    isDomain(domain!);
  if (!isAddress) throw new SyntaxError(`'${text}' is not a mail address`);
}

function isDomain(text: string): boolean {
  try {
    return typeof parseSubjectAltName(text) === "string";
  } catch {
    return false;
  }
}
