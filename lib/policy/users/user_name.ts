/**
 * Rules for the names of users in a users file.
 *
 * @module
 */

/** Longest name in bytes. RFC 1929 §2 has one byte for a length from 1. */
const MOST_BYTES = 255;

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks a user name.
 *
 * @returns What was expected instead; `undefined` if the name is valid.
 */
export function userNameFault(name: string): string | undefined {
  const { length } = new TextEncoder().encode(name);
  if (length < 1 || length > MOST_BYTES) {
    return `expected a name of 1 to 255 bytes, not ${length}`;
  }
  if (name.includes(":")) return "expected a name without a colon";
  if (CONTROL.test(name)) return "expected a name without control characters";
  // Spaces at the ends of a line would be lost, and nobody sees them.
  if (name.trim() !== name) return "expected a name without spaces around it";
  if (name.startsWith("#")) return "expected a name that is not a comment";
  return undefined;
}
