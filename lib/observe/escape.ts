/**
 * Makes what a client sent fit for a terminal and a log file.
 *
 * @module
 */

/**
 * Control characters of both sets (ESC starts a terminal's commands, a line
 * feed forges a log line), line and paragraph separators, the characters that
 * turn the direction of writing, invisible ones, and lone surrogates.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|\p{Surrogate}/gu;

/**
 * Escapes what could act on a terminal or forge a line.
 *
 * @param text Text from anywhere.
 * @returns The text with a line feed written as `\\u000a` and so on, which also
 *   leaves a JSON document what it was.
 */
export function escape(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0).toString(16);
    return `\\u${code.padStart(4, "0")}`;
  });
}
