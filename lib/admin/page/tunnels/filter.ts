/**
 * Parses and applies the filter of a table.
 *
 * Words match any field, `user:alice` matches that field, `-word` excludes, and
 * quotes keep words together. All terms must match.
 *
 * @module
 */

/** Most terms of a filter; the rest is ignored. */
const MOST_TERMS = 20;

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
      ...["protocol", "rule", "state", "result", "reason"],
    ].map((field) => [field, field]),
  ),
  ...ALIASES,
};

/** Fields that a word without a prefix searches. */
const SEARCHED = [
  ...["client", "user", "target", "address", "protocol", "rule", "state"],
  ...["result", "reason"],
] as const;

/** A word of a filter. */
export interface Term {
  /** The field to search (default: all). */
  field?: string;
  /** The text to find, in lower case. */
  text: string;
  /** Whether it excludes matches. */
  isNegative: boolean;
}

/**
 * Parses a filter. Any text is valid: an unknown prefix, as in
 * `example.com:443`, is part of the word.
 *
 * @returns Its terms; none matches everything.
 */
export function parseFilter(text: string): Term[] {
  const terms: Term[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const term = parseTerm(word);
    if (term.text !== "") terms.push(term);
  }
  return terms.slice(0, MOST_TERMS);
}

/** Tells whether all terms of a filter match. */
export function matchesFilter(terms: readonly Term[], item: object): boolean {
  const fields = item as Readonly<Record<string, unknown>>;
  return terms.every((term) => isMet(term, fields) !== term.isNegative);
}

function parseTerm(word: string): Term {
  const isNegative = word.length > 1 && word.startsWith("-");
  const rest = isNegative ? word.slice(1) : word;
  const colon = rest.indexOf(":");
  const name = rest.slice(0, Math.max(0, colon)).toLowerCase();
  const isField = Object.hasOwn(FIELDS, name);
  const text = (isField ? rest.slice(colon + 1) : rest)
    .replaceAll('"', "").toLowerCase();
  if (!isField) return { text, isNegative };
  return { field: FIELDS[name]!, text, isNegative };
}

function isMet(
  { field, text }: Term,
  fields: Readonly<Record<string, unknown>>,
): boolean {
  // A partial number would match another tunnel.
  if (field === "id") return String(fields["id"]) === text;
  if (field !== undefined) return has(fields[field], text);
  return SEARCHED.some((name) => has(fields[name], text));
}

function has(value: unknown, text: string): boolean {
  return typeof value === "string" && value.toLowerCase().includes(text);
}
