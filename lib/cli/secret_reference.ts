/**
 * Secrets that stand elsewhere: `env:NAME` in the environment, `file:PATH` in a
 * file.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { dirname, isAbsolute, join } from "node:path";
import { readVariable } from "./environment.ts";
import type { FileError } from "./file_error.ts";
import { readText } from "./read_file.ts";
import { parseReference } from "./reference.ts";

/** Bytes that a file with a secret may have. */
const MOST_BYTES = 64 * 1024;

/** A secret that was found. */
export interface FoundSecret {
  /** The text, with the secret in the place of what refers to it. */
  secret: string;
  /** Path of the file that it was in. */
  file?: string;
}

/**
 * Finds the secret that a text refers to, as a whole or behind a name:
 * `env:LOGIN`, `alice:env:PASSWORD`, `office=file:url.txt`.
 *
 * @param text What the configuration says.
 * @param file Path of the configuration, to which paths are relative.
 * @returns The secret; the text itself where it refers to none.
 * @throws {SyntaxError} If there is no such secret.
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
 * @param path What it says.
 * @returns The path, as seen from where the program runs; of a configuration
 *   under `/dev` or `/proc`, such as a pipe, it is relative to that.
 */
export function relativeTo(file: string, path: string): string {
  // What a shell makes of `<(…)` is in no folder of the operator's.
  const isPipe = /^\/(?:dev|proc)\//.test(file);
  return isAbsolute(path) || isPipe ? path : join(dirname(file), path);
}

function fromEnvironment(name: string): string {
  if (!isGranted({ name: "env", variable: name })) { // Asking would stop the start.
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
