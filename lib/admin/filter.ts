/**
 * Parses and applies the filter of a list of tunnels: the one grammar of the
 * page, of `sluice top` and of the API. It runs in browsers too.
 *
 * A word searches all fields, `user:alice` searches one field, `user=alice`
 * matches the whole field, `-word` excludes, and quotes keep words together.
 * All terms must match.
 *
 * @module
 */

/** Most terms of a filter. */
export const MOST_TERMS = 20;

/** Shorter names of fields. */
const ALIASES: Readonly<Record<string, string>> = {
  first: "endedFirst",
  proto: "protocol",
  why: "reason",
};

/** Fields by their name in filters, in lower case. */
const FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...["id", "kind", "listener", "client", "user", "target", "address"],
      ...["protocol", "rule", "state", "result", "reason", "code", "via"],
      "name",
    ].map((field) => [field, field]),
  ),
  ...ALIASES,
};

/** The names of fields in filters. */
export const FIELD_NAMES: readonly string[] = Object.keys(FIELDS);

/** Fields that a word without a prefix searches. */
const SEARCHED = [
  ...["client", "user", "target", "address", "protocol", "rule", "state"],
  ...["result", "reason"],
] as const;

/** Fields with a port, which an exact value may leave out. */
const WITH_PORT: ReadonlySet<string> = new Set(["client", "target", "address"]);

/** A word of a filter. */
export interface Term {
  /** The field to search (default: all). */
  field?: string;
  /** The text to find, in lower case. */
  text: string;
  /** Whether the text must equal the whole value of the field. */
  isExact: boolean;
  /** Whether it excludes matches. */
  isNegative: boolean;
}

/** The error for an invalid filter; its message is for people. */
export class FilterError extends Error {
  /** Creates the error. */
  constructor(message: string) {
    super(message);
    this.name = "FilterError";
  }
}

/**
 * Parses a filter. An unknown prefix is part of the word, as in
 * `example.com:443`, unless it resembles the name of a field.
 *
 * @returns Its terms; none matches everything.
 * @throws {FilterError} If the name of a field is misspelt, or there are more
 *   than {@linkcode MOST_TERMS} terms.
 */
export function parseFilter(text: string): Term[] {
  const terms: Term[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const term = parseTerm(word);
    if (term === undefined) continue;
    if (terms.length === MOST_TERMS) {
      throw new FilterError(`A filter has at most ${MOST_TERMS} words`);
    }
    terms.push(term);
  }
  return terms;
}

/** Tells whether all terms of a filter match. */
export function matchesFilter(terms: readonly Term[], item: object): boolean {
  const fields = item as Readonly<Record<string, unknown>>;
  return terms.every((term) => isMet(term, fields) !== term.isNegative);
}

/**
 * Writes the term that matches one value of a field.
 *
 * @param field Name of the field in filters.
 * @param value The value; empty matches tunnels without one.
 * @returns For example `user=alice`, `rule="no mail"`.
 */
export function formatTerm(field: string, value: string): string {
  const parts = value.split('"');
  if (parts.length > 1) {
    // Filters cannot express a quote.
    const longest = parts.reduce((a, b) => b.length > a.length ? b : a);
    return longest === "" ? `-${field}=""` : `${field}:"${longest}"`;
  }
  return /^\S+$/.test(value) ? `${field}=${value}` : `${field}="${value}"`;
}

/** Most characters of a key of a ranking, such as a talker; others are cut. */
export const MOST_KEY = 100;

/**
 * Writes the term for a key of a ranking.
 *
 * @param field Name of the field in filters.
 * @param key The key. If it may have been cut, the term matches values that
 *   contain it.
 * @returns As of {@linkcode formatTerm}.
 */
export function formatKeyTerm(field: string, key: string): string {
  const term = formatTerm(field, key);
  const isWhole = key.length < MOST_KEY || !term.startsWith(`${field}=`);
  return isWhole ? term : `${field}:${term.slice(field.length + 1)}`;
}

/**
 * Takes the host of a `HOST:PORT`.
 *
 * @returns The host without brackets; the whole text without a port.
 */
export function hostOf(text: string): string {
  const end = text.lastIndexOf(":");
  const isPort = end >= 0 && end < text.length - 1 &&
    text.length - end <= 6 && isDigits(text, end + 1);
  const host = isPort ? text.slice(0, end) : text;
  const isBracketed = host.startsWith("[") && host.endsWith("]");
  return isBracketed ? host.slice(1, -1) : host;
}

/** Parses a word; `undefined` if it is still being typed. */
function parseTerm(word: string): Term | undefined {
  const isNegative = word.length > 1 && word.startsWith("-");
  const rest = isNegative ? word.slice(1) : word;
  const [, prefix = "", sign] = /^([a-z]+)([:=])/i.exec(rest) ?? [];
  const name = prefix.toLowerCase();
  const isField = Object.hasOwn(FIELDS, name);
  if (!isField) refuseMisspelt(name, rest);
  const value = isField ? rest.slice(name.length + 1) : rest;
  const text = value.replaceAll('"', "").toLowerCase();
  if (!isField) {
    return text === "" ? undefined : { text, isExact: false, isNegative };
  }
  const isExact = sign === "=";
  // `user=""` matches tunnels without a user.
  if (text === "" && !(isExact && value !== "")) return undefined;
  return { field: FIELDS[name]!, text, isExact, isNegative };
}

/**
 * Only a prefix that resembles a field is an error, not a host such as
 * `localhost`.
 */
function refuseMisspelt(name: string, word: string): void {
  if (name.length < 2) return;
  const meant = FIELD_NAMES.find((field) => resembles(name, field));
  if (meant === undefined) return;
  throw new FilterError(
    `No field is named ${name}: did you mean ${meant}? To search for these characters, write "${
      word.replaceAll('"', "")
    }"`,
  );
}

/**
 * Whether a name is the beginning of a field's name, or differs by one typing
 * error.
 */
function resembles(name: string, field: string): boolean {
  if (name.length >= 3 && field.toLowerCase().startsWith(name)) return true;
  const [short, long] = name.length < field.length
    ? [name, field]
    : [field, name];
  if (short.length < 3 || long.length - short.length > 1) return false;
  let same = 0;
  while (same < short.length && short[same] === long[same]) same++;
  const endsAlike = (begin: number) =>
    short.slice(begin) === long.slice(same + 1);
  if (long.length > short.length) return endsAlike(same);
  const isSwapped = short[same] === long[same + 1] &&
    short[same + 1] === long[same];
  return endsAlike(same + 1) ||
    isSwapped && short.slice(same + 2) === long.slice(same + 2);
}

function isMet(
  { field, isExact, text }: Term,
  fields: Readonly<Record<string, unknown>>,
): boolean {
  // A partial number would match another tunnel.
  if (field === "id") return String(fields["id"]) === text;
  if (field === undefined) {
    return SEARCHED.some((name) => has(fields[name], text));
  }
  return isExact ? is(field, fields[field], text) : has(fields[field], text);
}

function has(value: unknown, text: string): boolean {
  return typeof value === "string" && value.toLowerCase().includes(text);
}

function is(field: string, value: unknown, text: string): boolean {
  if (typeof value !== "string") return text === "";
  const whole = value.toLowerCase();
  return whole === text || WITH_PORT.has(field) && hostOf(whole) === text;
}

/** Faster than a regular expression: each connection needs it. */
function isDigits(text: string, begin: number): boolean {
  for (let n = begin; n < text.length; n++) {
    const code = text.charCodeAt(n);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
