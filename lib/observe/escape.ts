/**
 * Makes text from clients safe for a terminal and a log file.
 *
 * @module
 */

/**
 * Characters that a log must not contain: control characters of both sets (ESC
 * starts a terminal command, a line feed forges a log line), line and paragraph
 * separators, interlinear annotation marks, lone surrogates, and everything
 * that Unicode renders invisible. The last group covers direction marks,
 * joiners, fillers, variation selectors and tags, which can hide whole texts
 * (UAX #44, Default_Ignorable_Code_Point).
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point}|\p{Surrogate}/gu;

/**
 * Escapes characters that could control a terminal or forge a line.
 *
 * @param text Text from any source.
 * @returns The text with a line feed written as `\\u000a` and so on. An escaped
 *   JSON document still parses to the same value.
 */
export function escape(text: string): string {
  return text.replace(UNSAFE, (character) => {
    let escaped = "";
    // A character beyond U+FFFF becomes two escapes, as in JSON (RFC 8259 §7).
    for (let index = 0; index < character.length; index++) {
      const code = character.charCodeAt(index).toString(16);
      escaped += `\\u${code.padStart(4, "0")}`;
    }
    return escaped;
  });
}
