/**
 * Repeats an operator's text in a message, without revealing secrets.
 *
 * @module
 */

/** Most characters of a text to repeat, as wide as they appear on a screen. */
const MOST_SHOWN = 40;

/** Replaces secrets. */
const HIDDEN = "(hidden)";

/**
 * Characters that a terminal shows as they are; others appear as `\u001b` and
 * so on.
 */
const PLAIN =
  /^(?:(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}\p{P}\p{S} ])$/u;

/** `$scheme$…` (crypt(5)), `{SSHA}…` (RFC 2307), or a key in PEM (RFC 7468). */
const MARKED = /\$[\w-]*\$|\{[a-z][a-z\d.-]*\}\S|-----BEGIN /i;

/** Digits of a hash or a key, in hexadecimal, base64 or similar. */
const DIGITS = /[A-Za-z\d+/=_.]{24,}/g;

/** A name and a password before a host. `unix:/run/a@b` has neither. */
const LOGIN =
  /(?<![^\s/@:'])(?!(?:[^\s/@:']*=)?unix:[/@])[^\s/@:']*:(?!\/\/)[^\s@]+@/g;

/**
 * Quotes a text for a message.
 *
 * @param text Text from any source.
 * @returns The result of {@linkcode cut} in quotes.
 */
export function quote(text: string): string {
  const shown = cut(text);
  return shown === HIDDEN ? HIDDEN : `'${shown}'`;
}

/**
 * Shortens a text for a message. The result has at most 40 characters, no
 * password before a host, and no part of text that looks like a hash or a key.
 *
 * @param text Text from any source.
 * @returns The text, its beginning, or `(hidden)`.
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
 * Shortens the texts that a message quotes in full.
 *
 * @param texts The quoted texts.
 * @returns The message, with each text replaced by its {@linkcode quote}.
 */
export function quoteIn(message: string, texts: readonly string[]): string {
  return texts.reduce(
    (shown, text) => shown.replaceAll(`'${text}'`, () => quote(text)),
    message,
  );
}

/**
 * Guesses whether text is a secret. Long ordinary words have only letters or
 * only digits, or they contain dots.
 */
function looksSecret(text: string): boolean {
  if (MARKED.test(text)) return true;
  return (text.match(DIGITS) ?? []).some((word) =>
    word.split(".").some((part) =>
      part.length >= 24 && /\d/.test(part) && /[A-Za-z]/.test(part)
    )
  );
}
