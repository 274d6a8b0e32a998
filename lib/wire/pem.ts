/**
 * PEM: text around bytes, one part after the other (RFC 7468).
 *
 * ```text
 * -----BEGIN CERTIFICATE-----
 * MIIBszCCAVmgAwIBAgIU…        base64, 64 characters a line
 * -----END CERTIFICATE-----
 * ```
 *
 * @module
 */

import { decodeBase64 } from "./base64.ts";

/**
 * Splits text into its parts of one kind.
 *
 * @param text The text; what is between and around the parts does not count.
 * @param label What the parts are, such as `CERTIFICATE`.
 * @returns The parts, each with the lines that begin and end it.
 */
export function splitPem(text: string, label: string): string[] {
  const parts: string[] = [];
  const { begin, end } = linesAround(label);
  let from = text.indexOf(begin);
  while (from >= 0) {
    const to = text.indexOf(end, from);
    if (to < 0) break;
    parts.push(`${text.slice(from, to + end.length)}\n`);
    from = text.indexOf(begin, to);
  }
  return parts;
}

/**
 * Tells which kinds of parts text has.
 *
 * @returns What the lines say that begin a part, whether or not it ends.
 */
export function labelsOf(text: string): string[] {
  return [...text.matchAll(/-----BEGIN ([^-\n]+)-----/g)]
    .map(([, label]) => label!);
}

/**
 * Decodes the first part of one kind.
 *
 * @param text The text; the other parts do not count.
 * @param label What the part is, such as `PRIVATE KEY`.
 * @returns Its bytes.
 * @throws {SyntaxError} If there is no such part, or it is not base64. The
 *   message does not repeat the text, which may be secret.
 */
export function decodePem(
  text: string,
  label: string,
): Uint8Array<ArrayBuffer> {
  const [part] = splitPem(text, label);
  if (part === undefined) throw new SyntaxError(`no ${label}`);
  const { begin, end } = linesAround(label);
  // With the end of its last line.
  const bytes = decodeBase64(part.slice(begin.length, -(end.length + 1)));
  if (bytes === undefined) throw new SyntaxError(`${label} is not base64`);
  return bytes;
}

/**
 * Encodes bytes as PEM.
 *
 * @param der The bytes.
 * @param label What they are, for example `CERTIFICATE`.
 * @returns The text, with its last line's end.
 */
export function encodePem(
  der: ArrayBuffer | Uint8Array,
  label: string,
): string {
  const lines = new Uint8Array(der).toBase64().match(/.{1,64}/g) ?? [];
  const { begin, end } = linesAround(label);
  return [begin, ...lines, end, ""].join("\n");
}

function linesAround(label: string): { begin: string; end: string } {
  return { begin: `-----BEGIN ${label}-----`, end: `-----END ${label}-----` };
}
