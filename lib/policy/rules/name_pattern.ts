/**
 * Patterns for names in rules.
 *
 * @module
 */

import { parseHost, plainName } from "../../wire/host_name.ts";
import { NameRegexp } from "./name_regexp.ts";
import { quote } from "../../wire/quote.ts";

/** A pattern for names. */
export type NamePattern =
  | { kind: "any" }
  | { kind: "exact"; name: string }
  /**
   * The suffix includes its first dot; `isApexToo` also matches the name
   * without it.
   */
  | { kind: "suffix"; suffix: string; isApexToo: boolean }
  | { kind: "regexp"; regexp: NameRegexp };

/**
 * Parses a pattern: `example.com`, `*.example.com` (names below it),
 * `.example.com` (both), a regular expression between slashes, or `*` (any).
 *
 * @param text Text to parse; letters beyond ASCII become A-labels.
 * @throws {SyntaxError} If it is malformed; the message says why.
 */
export function parseNamePattern(text: string): NamePattern {
  if (text.startsWith("/")) return parseRegexp(text);
  if (text === "*") return { kind: "any" };
  const [, star, dot, rest] = /^(\*?)(\.?)(.*)$/s.exec(text)!;
  if (rest!.includes("*") || star !== "" && dot === "") {
    throw new SyntaxError(
      `${
        quote(text)
      } is not a name: '*' begins it and a dot follows, as in *.example.com`,
    );
  }
  const name = parseName(rest!, text);
  if (dot === "") return { kind: "exact", name };
  return { kind: "suffix", suffix: `.${name}`, isApexToo: star === "" };
}

/**
 * Creates one test for several patterns.
 *
 * @returns A test whether a name from `plainName()` matches one of them.
 */
export function makeNameTest(
  patterns: readonly NamePattern[],
): (name: string) => boolean {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  const regexps: NameRegexp[] = [];
  let isAny = false;
  for (const pattern of patterns) {
    if (pattern.kind === "any") isAny = true;
    else if (pattern.kind === "exact") exact.add(pattern.name);
    else if (pattern.kind === "regexp") regexps.push(pattern.regexp);
    else {
      suffixes.push(pattern.suffix);
      if (pattern.isApexToo) exact.add(pattern.suffix.slice(1));
    }
  }
  return (name) =>
    isAny || exact.has(name) ||
    suffixes.some((suffix) => name.endsWith(suffix)) ||
    regexps.some((regexp) => regexp.test(name));
}

function parseRegexp(text: string): NamePattern {
  if (text.length < 2 || !text.endsWith("/")) {
    throw new SyntaxError(
      `${quote(text)} has no second slash, as in /^ads?\\d*\\./`,
    );
  }
  return { kind: "regexp", regexp: new NameRegexp(text.slice(1, -1)) };
}

function parseName(text: string, whole: string): string {
  const ascii = toAscii(text);
  let host;
  try {
    host = parseHost(ascii);
  } catch (error) {
    throw new SyntaxError(`${quote(whole)}: ${(error as SyntaxError).message}`);
  }
  if (typeof host !== "string") {
    throw new SyntaxError(`${quote(whole)} is an address: write 'to ${whole}'`);
  }
  return plainName(host);
}

/** Clients send A-labels (RFC 5890 §2.3.2.1). */
function toAscii(text: string): string {
  const isAscii = !/[^\0-\x7f]/.test(text);
  if (isAscii || /[\s/?#@:\\[\]]/.test(text)) return text;
  try {
    return new URL(`http://${text}/`).hostname;
  } catch {
    throw new SyntaxError(
      `${quote(text)} can't be written in ASCII as a name (IDNA)`,
    );
  }
}
