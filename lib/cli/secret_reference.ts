/**
 * Resolves references to secrets: `env:NAME` for an environment variable,
 * `file:PATH` for a file.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import type { FileError } from "./file_error.ts";
import { readText } from "./read_file.ts";
import { parseReference } from "./reference.ts";
import { fromEnvironment, MOST_SECRET, secretOf } from "./resolve_secret.ts";

/** A resolved secret. */
export interface FoundSecret {
  /** The text, with the secret instead of the reference. */
  secret: string;
  /** Path of the secret's file. */
  file?: string;
}

/**
 * Resolves the reference in a text, which may follow a name: `env:LOGIN`,
 * `alice:env:PASSWORD`, `office=file:url.txt`.
 *
 * @param text Text in the configuration.
 * @param file Path of the configuration. Paths in it are relative to its
 *   folder.
 * @returns The secret; the text itself if it contains no reference.
 * @throws {SyntaxError} If the secret does not exist.
 */
export async function findSecret(
  text: string,
  file: string,
): Promise<FoundSecret> {
  const reference = parseReference(text);
  if (reference === undefined) return { secret: text };
  const { before, name, source } = reference;
  if (source === "env") return { secret: before + fromEnvironment(name) };
  const path = relativeTo(file, name);
  return { secret: before + await fromFile(path), file: path };
}

/**
 * Resolves a path in a configuration.
 *
 * @param file Path of the configuration.
 * @param path Path as written there.
 * @returns The path for this program. If the configuration is under `/dev` or
 *   `/proc`, such as a pipe, the path is relative to the current folder.
 */
export function relativeTo(file: string, path: string): string {
  // A pipe such as `<(…)` is in no folder of the operator.
  const isPipe = /^\/(?:dev|proc)\//.test(file);
  return isAbsolute(path) || isPipe ? path : join(dirname(file), path);
}

async function fromFile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readText(path, { most: MOST_SECRET });
  } catch (error) {
    throw new SyntaxError((error as FileError).message, { cause: error });
  }
  return secretOf(path, text);
}
