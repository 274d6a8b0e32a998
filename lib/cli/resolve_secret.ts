/**
 * Resolves references to secrets on a command line, and their environment
 * variables.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { requireRead } from "../net/system/system_file.ts";
import { readVariable } from "./environment.ts";
import { explainFile } from "./file_error.ts";
import { parseReference } from "./reference.ts";

/** Most bytes of a file with a secret. */
export const MOST_SECRET: number = 64 * 1024;

/**
 * Resolves a reference on a command line: `env:NAME` or `file:PATH`.
 *
 * @param text Text of the command line, or a secret that a configuration has
 *   resolved already.
 * @returns The secret; the text itself if it is no reference.
 * @throws {SyntaxError} If the secret does not exist.
 */
export function resolveSecret(text: string): string {
  const reference = parseReference(text);
  if (reference === undefined || reference.before !== "") return text;
  const { name, source } = reference;
  return source === "env" ? fromEnvironment(name) : fromFile(name);
}

/**
 * Reads a secret from the environment.
 *
 * @param name Name of the variable.
 * @throws {SyntaxError} If it is missing, empty or not permitted.
 */
export function fromEnvironment(name: string): string {
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

/**
 * Takes the secret out of the text of its file.
 *
 * @param path The file, for the error.
 * @param text Its contents.
 * @returns The text without its last line end.
 * @throws {SyntaxError} If it is empty.
 */
export function secretOf(path: string, text: string): string {
  const secret = text.replace(/\r?\n$/, "");
  if (secret === "") throw new SyntaxError(`${path} is empty`);
  return secret;
}

/** Only a regular file: the end of a pipe may never come. */
function fromFile(path: string): string {
  let bytes: Uint8Array;
  try {
    requireRead(path);
    const { isFile, size } = Deno.statSync(path);
    if (!isFile) throw new SyntaxError(`${path} is not a regular file`);
    if (size > MOST_SECRET) {
      throw new SyntaxError(`${path} is larger than ${MOST_SECRET / 1024} KiB`);
    }
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof SyntaxError) throw error;
    throw new SyntaxError(`cannot read ${path}: ${explainFile(path, error)}`);
  }
  return secretOf(path, new TextDecoder().decode(bytes));
}

function valueOf(name: string): string | undefined {
  try {
    return readVariable(name);
  } catch (error) {
    throw new SyntaxError((error as Error).message);
  }
}
