/**
 * Finds regular expressions that obviously match no name.
 *
 * @module
 */

/** A part of an expression, and whether it is optional. */
const PART =
  /(?<escape>\\.)|(?<list>\[\^?\]?[^\]]*\])|(?<anchor>[$^])|(?<other>.)/gs;

const OPTIONAL = /^(?:[?*]|\{0)/;
const QUANTIFIER = /^(?:[?*+]|\{\d*,?\d*\})\??/;

/** Characters of names; letter case makes no difference. */
const OF_NAMES = /[a-z\d._-]/i;

/**
 * Tells why no name can match an expression. It does not examine expressions
 * with `|` or groups.
 *
 * @param text The valid text between the slashes.
 * @returns For example `a name has no ':'`; `undefined` if one may match.
 */
export function whyDead(text: string): string | undefined {
  if (/[|()]/.test(text.replace(/\\./gs, ""))) return undefined;
  let [isBegun, isOver] = [false, false];
  for (let at = 0; at < text.length;) {
    PART.lastIndex = at;
    const { 0: part, groups } = PART.exec(text)!;
    at += part.length;
    const rest = text.slice(at);
    at += QUANTIFIER.exec(rest)?.[0].length ?? 0;
    if (OPTIONAL.test(rest)) continue;
    if (groups!["anchor"] === "$") isOver = true;
    else if (groups!["anchor"] === "^") {
      if (isBegun) return "the name begins in the middle, at '^'";
    } else if (isOver) {
      return "the name goes on behind its end, '$'";
    } else {
      const literal = literalOf(part, groups!["list"]);
      if (literal !== undefined && !OF_NAMES.test(literal)) {
        return `a name has no '${literal}'`;
      }
      isBegun = true;
    }
  }
  return undefined;
}

/** The single character that a part matches, if there is only one. */
function literalOf(part: string, list: string | undefined): string | undefined {
  if (list !== undefined || part === ".") return undefined;
  if (!part.startsWith("\\")) return part;
  // A letter or digit after a backslash has a special meaning.
  return /[a-z\d]/i.test(part[1]!) ? undefined : part[1];
}
