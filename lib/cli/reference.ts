/**
 * References to secrets: `env:NAME` stands for an environment variable,
 * `file:PATH` for the contents of a file.
 *
 * @module
 */

/** The text before a reference may be the name of a user or of a parent. */
const REFERENCE = /^(?:[^:=]*[:=])?(env|file):(.+)$/s;

/** A reference to a secret. */
export interface Reference {
  /** Text before the reference. */
  before: string;
  /** Kind of source. */
  source: "env" | "file";
  /** Name of the variable, or path of the file. */
  name: string;
}

/**
 * Parses a reference.
 *
 * @param text Text of the configuration or the command line.
 * @returns The reference; `undefined` if the text is not one.
 */
export function parseReference(text: string): Reference | undefined {
  const [, source, name] = REFERENCE.exec(text) ?? [];
  if (source === undefined || name === undefined) return undefined;
  const before = text.slice(0, -`${source}:${name}`.length);
  return { before, source: source as Reference["source"], name };
}

/**
 * Finds the environment variable that a text refers to.
 *
 * @param text Text of the configuration or the command line.
 * @returns Its name; `undefined` if the text refers to none.
 */
export function variableOf(text: string): string | undefined {
  const { source, name = "" } = parseReference(text) ?? {};
  return source === "env" && /^\w+$/.test(name) ? name : undefined;
}
