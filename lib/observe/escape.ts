/**
 * Makes what a client sent fit for a terminal and a log file.
 *
 * @module
 */

/**
 * Control characters of both sets (ESC starts a terminal's commands, a line
 * feed forges a log line), line and paragraph separators, the marks that an
 * annotation stands between, lone surrogates, and all that Unicode has nobody
 * see: what turns the direction of writing, joiners, fillers, variation
 * selectors and tags, which carry whole texts unseen (UAX #44,
 * Default_Ignorable_Code_Point).
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufff9-\ufffb]|\p{Default_Ignorable_Code_Point}|\p{Surrogate}/gu;

/**
 * Escapes what could act on a terminal or forge a line.
 *
 * @param text Text from anywhere.
 * @returns The text with a line feed written as `\\u000a` and so on, which also
 *   leaves a JSON document what it was.
 */
export function escape(text: string): string {
  return text.replace(UNSAFE, (character) => {
    let escaped = "";
    // Beyond U+FFFF there are two, as JSON writes it (RFC 8259 §7).
    for (let index = 0; index < character.length; index++) {
      const code = character.charCodeAt(index).toString(16);
      escaped += `\\u${code.padStart(4, "0")}`;
    }
    return escaped;
  });
}
