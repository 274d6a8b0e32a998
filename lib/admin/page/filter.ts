/**
 * What is typed into a filter, and what it lets through.
 *
 * Words are looked for in all fields, `user:alice` in that one, `-word` is for
 * those without it, and quotes keep words together. All have to be met.
 *
 * @module
 */

/** Terms that are looked at; the rest of a filter is of no matter. */
const MOST_TERMS = 20;

/** Shorter names of fields. */
const ALIASES: Readonly<Record<string, string>> = {
  first: "endedFirst",
  proto: "protocol",
  why: "reason",
};

/** Fields by the name that a filter calls them, in lower case. */
const FIELDS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    [
      ...["id", "kind", "listener", "client", "user", "target", "address"],
      ...["protocol", "rule", "state", "result", "reason"],
    ].map((field) => [field, field]),
  ),
  ...ALIASES,
};

/** Fields that a word without a prefix is looked for in. */
const SEARCHED = [
  ...["client", "user", "target", "address", "protocol", "rule", "state"],
  ...["result", "reason"],
] as const;

/** A word of a filter. */
export interface Term {
  /** Where it is looked for; all over where there is none. */
  field?: string;
  /** What is looked for, in lower case. */
  text: string;
  /** Whether it is for those without it. */
  isNegative: boolean;
}

/**
 * Reads a filter. Whatever is typed means something: a prefix that is no
 * field's, as in `example.com:443`, is part of the word.
 *
 * @returns Its terms; none lets everything through.
 */
export function parseFilter(text: string): Term[] {
  const terms: Term[] = [];
  for (const [word] of text.matchAll(/(?:"[^"]*"?|[^\s"])+/g)) {
    const term = parseTerm(word);
    if (term.text !== "") terms.push(term);
  }
  return terms.slice(0, MOST_TERMS);
}

/** Tells whether something meets all terms of a filter. */
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
  // Half a number is another tunnel's.
  if (field === "id") return String(fields["id"]) === text;
  if (field !== undefined) return has(fields[field], text);
  return SEARCHED.some((name) => has(fields[name], text));
}

function has(value: unknown, text: string): boolean {
  return typeof value === "string" && value.toLowerCase().includes(text);
}
