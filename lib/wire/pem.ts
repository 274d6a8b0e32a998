/**
 * PEM: base64 between marker lines, any number of blocks per text (RFC 7468).
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
 * Extracts all blocks of one kind from a text.
 *
 * @param text Text with any number of blocks. Everything between and around
 *   them is ignored.
 * @param label Kind of the blocks, such as `CERTIFICATE`.
 * @returns The blocks, each with its first and last marker line.
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
 * Lists the kinds of blocks in a text.
 *
 * @returns The label of each first marker line, even if the block does not end.
 */
export function labelsOf(text: string): string[] {
  return [...text.matchAll(/-----BEGIN ([^-\n]+)-----/g)]
    .map(([, label]) => label!);
}

/**
 * Decodes the first block of one kind.
 *
 * @param text Text with any number of blocks; the others are ignored.
 * @param label Kind of the block, such as `PRIVATE KEY`.
 * @throws {SyntaxError} If the text has no such block, or the block is not
 *   base64. The message does not repeat the text, which may be secret.
 */
export function decodePem(
  text: string,
  label: string,
): Uint8Array<ArrayBuffer> {
  const [part] = splitPem(text, label);
  if (part === undefined) throw new SyntaxError(`no ${label}`);
  const { begin, end } = linesAround(label);
  // The block ends with a line feed.
  const bytes = decodeBase64(part.slice(begin.length, -(end.length + 1)));
  if (bytes === undefined) throw new SyntaxError(`${label} is not base64`);
  return bytes;
}

/**
 * Encodes bytes as PEM.
 *
 * @param der Contents of the block.
 * @param label Kind of the block, for example `CERTIFICATE`.
 * @returns The text, including its last line end.
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
