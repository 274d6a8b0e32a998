/**
 * What a program was started with, to be looked at.
 *
 * @module
 */

import { isPath } from "./config_value.ts";
import { tableOf } from "./option.ts";

/** Names of values that nobody is to see. */
const SECRET = /pass|secret|token|hash|credential|key$/i;

/** Values that hold others in each other, and no further. */
const MOST_DEPTH = 8;

/** Said in place of a secret. */
const HIDDEN = "(secret)";

/**
 * Describes options without what is secret in them.
 *
 * @param options Values by their names.
 * @returns The same for `JSON.stringify`: no functions, sizes without end as
 *   `null`, and `(secret)` for what is called a password, token or key. The
 *   path of a file is none, whatever is in the file.
 */
export function describeOptions(options: object): Record<string, unknown> {
  const table = tableOf(options);
  const isPathOf = (name: string) =>
    Object.hasOwn(table, name) && isPath(table[name]!);
  const entries = Object.entries(options);
  return {
    ...describeFields(
      Object.fromEntries(entries.filter(([name]) => !isPathOf(name))),
      0,
    ),
    ...Object.fromEntries(entries.filter(([name]) => isPathOf(name))),
  };
}

function describeFields(
  fields: object,
  depth: number,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .filter(([, value]) => typeof value !== "function")
      .map(([name, value]) => [name, describeField(name, value, depth)]),
  );
}

function describeField(name: string, value: unknown, depth: number): unknown {
  const isFile = name.endsWith("-file");
  const isNothing = value === null ||
    Array.isArray(value) && value.length === 0;
  if (SECRET.test(name) && !isFile && !isNothing) return HIDDEN;
  return describeValue(value, depth);
}

function describeValue(value: unknown, depth: number): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value === "string") return withoutLogin(value);
  if (typeof value !== "object" || value === null) return value;
  if (depth === MOST_DEPTH) return "…";
  if (value instanceof Uint8Array) return [...value].join(".");
  if (value instanceof Set) return describeValue([...value], depth);
  if (value instanceof Map) {
    return describeFields(Object.fromEntries(value), depth + 1);
  }
  if (Array.isArray(value)) {
    return value.map((one) => describeValue(one, depth + 1));
  }
  return describeFields(value, depth + 1);
}

/** A URL can hold a password: `socks5://alice:secret@host`. */
function withoutLogin(text: string): string {
  return text.replace(/(\b[a-z][a-z\d+.-]*:\/\/)[^\s]*@/gi, `$1${HIDDEN}@`);
}
