/**
 * PEM: text around bytes, one part after the other (RFC 7468).
 *
 * @module
 */

/**
 * Splits text into its parts of one kind.
 *
 * @param text The text; what is between and around the parts does not count.
 * @param label What the parts are, such as `CERTIFICATE`.
 * @returns The parts, each with the lines that begin and end it.
 */
export function splitPem(text: string, label: string): string[] {
  const parts: string[] = [];
  const begin = `-----BEGIN ${label}-----`;
  const end = `-----END ${label}-----`;
  let from = text.indexOf(begin);
  while (from >= 0) {
    const to = text.indexOf(end, from);
    if (to < 0) break;
    parts.push(`${text.slice(from, to + end.length)}\n`);
    from = text.indexOf(begin, to);
  }
  return parts;
}
