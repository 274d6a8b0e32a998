/**
 * What a user may be called in a users file.
 *
 * @module
 */

/** RFC 1929 §2: the field's length is one byte, and not zero. */
const MOST_BYTES = 255;

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Tells what is wrong with a name.
 *
 * @param name Name of a user.
 * @returns What was expected instead, or `undefined` where it is right.
 */
export function userNameFault(name: string): string | undefined {
  const { length } = new TextEncoder().encode(name);
  if (length < 1 || length > MOST_BYTES) {
    return `expected a name of 1 to 255 bytes, not ${length}`;
  }
  if (name.includes(":")) return "expected a name without a colon";
  if (CONTROL.test(name)) return "expected a name without control characters";
  // At the ends of a line they would be lost, and nobody sees them.
  if (name.trim() !== name) return "expected a name without spaces around it";
  if (name.startsWith("#")) return "expected a name that is not a comment";
  return undefined;
}
