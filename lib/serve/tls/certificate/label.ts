/**
 * Labels a certificate for an operator.
 *
 * @module
 */

import { escape } from "../../../observe/escape.ts";
import { normalizeSerial } from "../serial_number.ts";
import type { X509Certificate } from "../x509_library.ts";

/** Characters of a subject. */
const MOST_OF_SUBJECT = 160;

/** Digits of a serial number: it has 20 bytes at most (RFC 5280 §4.1.2.2). */
const MOST_OF_SERIAL = 40;

/**
 * Labels a certificate.
 *
 * @param certificate The certificate, valid or not.
 * @returns For example `subject 'CN=alice', serial 1f03`, fit for a terminal and
 *   never longer than a line.
 */
export function labelCertificate(
  { serialNumber, subject }: X509Certificate,
): string {
  const serial = showPart(normalizeSerial(serialNumber), MOST_OF_SERIAL);
  return `subject ${quotePart(subject, MOST_OF_SUBJECT)}, serial ${serial}`;
}

/**
 * Quotes text of a certificate.
 *
 * @param text Text that its holder has chosen.
 * @param most Most characters shown, by their width on a screen (default 160).
 * @returns The shortened text in quotes that none of its characters can end.
 */
export function quotePart(text: string, most = MOST_OF_SUBJECT): string {
  return `'${showPart(text, most)}'`;
}

function showPart(text: string, most: number): string {
  let shown = "";
  for (const character of text) {
    const next = character === "'" ? "\\u0027" : escape(character);
    if (shown.length + next.length > most) return `${shown}…`;
    shown += next;
  }
  return shown;
}
