/**
 * Quotes a word for a shell.
 *
 * @module
 */

/**
 * Quotes a word, if needed, for a command line to copy.
 *
 * @returns The text that a shell reads as that word.
 */
export function quoteShellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text)
    ? text
    : `'${text.replaceAll("'", `'\\''`)}'`;
}
