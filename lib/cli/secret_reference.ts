/**
 * Resolves references to secrets: `env:NAME` for an environment variable,
 * `file:PATH` for a file.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { dirname, isAbsolute, join } from "node:path";
import { readVariable } from "./environment.ts";
import type { FileError } from "./file_error.ts";
import { readText } from "./read_file.ts";
import { parseReference } from "./reference.ts";

/** Most bytes of a file with a secret. */
const MOST_BYTES = 64 * 1024;

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

function fromEnvironment(name: string): string {
  if (!isGranted({ name: "env", variable: name })) { // A prompt would stop the start.
    throw new SyntaxError(
      `cannot read ${name} of the environment: Deno was not given --allow-env=${name}`,
    );
  }
  const secret = valueOf(name);
  if (secret !== undefined && secret !== "") return secret;
  const fault = secret === undefined ? "is not set" : "is empty";
  throw new SyntaxError(`${name} ${fault} in the environment`);
}

function valueOf(name: string): string | undefined {
  try {
    return readVariable(name);
  } catch (error) {
    throw new SyntaxError((error as Error).message);
  }
}

async function fromFile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readText(path, { most: MOST_BYTES });
  } catch (error) {
    throw new SyntaxError((error as FileError).message, { cause: error });
  }
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw new SyntaxError(`${path} is empty`);
  return secret;
}
