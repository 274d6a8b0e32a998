/**
 * Regular expressions that no name can match, as far as that is plain to see.
 *
 * @module
 */

/** A part of an expression, and whether it may be left out. */
const PART =
  /(?<escape>\\.)|(?<list>\[\^?\]?[^\]]*\])|(?<anchor>[$^])|(?<other>.)/gs;

const OPTIONAL = /^(?:[?*]|\{0)/;
const QUANTIFIER = /^(?:[?*+]|\{\d*,?\d*\})\??/;

/** What a name is made of; letter case makes no difference. */
const OF_NAMES = /[a-z\d._-]/i;

/**
 * Tells why no name can match an expression. One with `|` or groups is not
 * looked into.
 *
 * @param text The text between the slashes; it is valid.
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

/** The character that a part stands for, if it stands for just one. */
function literalOf(part: string, list: string | undefined): string | undefined {
  if (list !== undefined || part === ".") return undefined;
  if (!part.startsWith("\\")) return part;
  // A letter or digit behind a backslash means something else.
  return /[a-z\d]/i.test(part[1]!) ? undefined : part[1];
}
