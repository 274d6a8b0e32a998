/**
 * Names of certificates, which are also names of files.
 *
 * @module
 */

import { parseSubjectAltName } from "../serve/subject_alt_names.ts";

/** Upper bound of a common name (RFC 5280 appendix A.1). */
const LONGEST = 64;

/** What no system takes for anything but a letter of a file's name. */
const FILE_NAME = /^[a-z\d][a-z\d._+@-]*$/i;

/** What a name in front of an `@` is: a dot-string (RFC 5321 §4.1.2). */
const MAILBOX = /^[a-z\d_+-]+(?:\.[a-z\d_+-]+)*$/i;

/**
 * Parses the name of a certificate: letters, digits, `.`, `_`, `-`, `+`, and
 * `@` where it is a mail address.
 *
 * @param text The name.
 * @returns The name as it was.
 * @throws {SyntaxError} If it can't be one, saying why.
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
  // Some file systems do not tell CA from ca.
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
