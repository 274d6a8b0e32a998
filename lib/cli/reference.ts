/**
 * Texts that refer to a secret instead of having one: `env:NAME` stands for a
 * variable of the environment, `file:PATH` for a file.
 *
 * @module
 */

/** What a reference has in front may be the name of a user or of a parent. */
const REFERENCE = /^(?:[^:=]*[:=])?(env|file):(.+)$/s;

/** Where a secret is. */
export interface Reference {
  /** What stands in front of the secret. */
  before: string;
  /** Where it is. */
  source: "env" | "file";
  /** The variable, or the path of the file. */
  name: string;
}

/**
 * Takes a reference apart.
 *
 * @param text What the configuration or the command line says.
 * @returns The reference; `undefined` where the text is none.
 */
export function parseReference(text: string): Reference | undefined {
  const [, source, name] = REFERENCE.exec(text) ?? [];
  if (source === undefined || name === undefined) return undefined;
  const before = text.slice(0, -`${source}:${name}`.length);
  return { before, source: source as Reference["source"], name };
}

/**
 * Finds the variable of the environment that a text refers to.
 *
 * @param text What the configuration or the command line says.
 * @returns Its name; `undefined` where it refers to none.
 */
export function variableOf(text: string): string | undefined {
  const { source, name = "" } = parseReference(text) ?? {};
  return source === "env" && /^\w+$/.test(name) ? name : undefined;
}
