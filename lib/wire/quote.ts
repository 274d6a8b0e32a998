/**
 * What an operator has written, as a message about it repeats it.
 *
 * @module
 */

/** Characters that are repeated, as a screen has them. */
const MOST_SHOWN = 40;

/** In the place of what nobody else shall see. */
const HIDDEN = "(hidden)";

/** What a screen shows as it is; all else is `\u001b` there, and so on. */
const PLAIN =
  /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}\p{P}\p{S} ])$/u;

/** `$scheme$…` (crypt(5)), `{SSHA}…` (RFC 2307), and a key's text (RFC 7468). */
const MARKED = /\$[\w-]*\$|\{[a-z][a-z\d.-]*\}\S|-----BEGIN /i;

/** Digits of a hash or a key: hexadecimal, base64 or the like. */
const DIGITS = /[A-Za-z\d+/=_.]{24,}/g;

/** A name and a password in front of a host; `unix:/run/a@b` has neither. */
const LOGIN =
  /(?<![^\s/@:'])(?!(?:[^\s/@:']*=)?unix:[/@])[^\s/@:']*:(?!\/\/)[^\s@]+@/g;

/**
 * Quotes a text for a message.
 *
 * @param text What was written, whoever wrote it.
 * @returns What {@linkcode cut} leaves of it, in quotes.
 */
export function quote(text: string): string {
  const shown = cut(text);
  return shown === HIDDEN ? HIDDEN : `'${shown}'`;
}

/**
 * Cuts a text for a message: it has no more than 40 characters, none of a
 * password in front of a host, and nothing of what looks like a hash or a key.
 *
 * @param text What was written, whoever wrote it.
 * @returns The text, a part of it, or `(hidden)`.
 */
export function cut(text: string): string {
  if (looksSecret(text)) return HIDDEN;
  const open = text.replace(LOGIN, `${HIDDEN}@`);
  let shown = "";
  let length = 0;
  for (const character of open) {
    length += PLAIN.test(character) ? 1 : character.length * "\\u0000".length;
    if (length > MOST_SHOWN) return `${shown}…`;
    shown += character;
  }
  return shown;
}

/**
 * Quotes in a message what it has quoted as a whole.
 *
 * @param texts What was written.
 * @returns The message, with each text as {@linkcode quote} gives it.
 */
export function quoteIn(message: string, texts: readonly string[]): string {
  return texts.reduce(
    (said, text) => said.replaceAll(`'${text}'`, () => quote(text)),
    message,
  );
}

/** Whether it is one: a long word has either letters or digits, or dots. */
function looksSecret(text: string): boolean {
  if (MARKED.test(text)) return true;
  return (text.match(DIGITS) ?? []).some((word) =>
    word.split(".").some((part) =>
      part.length >= 24 && /\d/.test(part) && /[A-Za-z]/.test(part)
    )
  );
}
