/**
 * A word for a shell.
 *
 * @module
 */

/**
 * Quotes a word, where it needs that, for a line to copy.
 *
 * @param text The word.
 * @returns What a shell takes for that word.
 */
export function quoteShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
