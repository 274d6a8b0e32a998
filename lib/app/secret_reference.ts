/**
 * Secrets that stand elsewhere: `env:NAME` in the environment, `file:PATH` in a
 * file.
 *
 * @module
 */

import { dirname, isAbsolute, join } from "node:path";
import { readVariable } from "./environment.ts";
import type { FileError } from "./file_error.ts";
import { readText } from "./read_file.ts";

/** Bytes that a file with a secret may have. */
const MOST_BYTES = 64 * 1024;

/** What a reference has in front may be the name of a user or of a parent. */
const REFERENCE = /^(?:[^:=]*[:=])?(env|file):(.+)$/s;

/** Where the next of several URLs begins. */
const NEXT_URL = /,(?=[^,@]*:\/\/)/;

const HIDDEN = "(hidden)";

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
  const [, source, name] = REFERENCE.exec(text) ?? [];
  if (source === undefined || name === undefined) return { secret: text };
  const before = text.slice(0, -`${source}:${name}`.length);
  if (source === "env") return { secret: before + fromEnvironment(name) };
  const path = relativeTo(file, name);
  return { secret: before + await fromFile(path), file: path };
}

/**
 * Finds the variable of the environment that a text refers to.
 *
 * @param text What the configuration or the command line says.
 * @returns Its name; `undefined` where it refers to none.
 */
export function variableOf(text: string): string | undefined {
  const [, source, name = ""] = REFERENCE.exec(text) ?? [];
  return source === "env" && /^\w+$/.test(name) ? name : undefined;
}

/**
 * Tells whether a text refers to a secret, and so has none itself.
 *
 * @param text What the configuration says.
 * @returns Whether it does.
 */
export function isReference(text: string): boolean {
  return REFERENCE.test(text);
}

/**
 * Gives what others may see of a text with a secret in it.
 *
 * @param text What the configuration says.
 * @param shown What stands in the place of a secret (default `(hidden)`).
 * @returns References and names as they are, without what is secret.
 */
export function hideSecret(text: string, shown = HIDDEN): string {
  if (isReference(text)) return text;
  if (text.includes("://")) {
    return text.split(NEXT_URL).map((url) => hidePassword(url, shown))
      .join(",");
  }
  const colon = text.indexOf(":");
  return colon < 0 ? shown : `${text.slice(0, colon)}:${shown}`;
}

/** What is not encoded as it should be is hidden all the same. */
function hidePassword(url: string, shown: string): string {
  const begin = url.indexOf("://") + "://".length;
  const end = url.lastIndexOf("@");
  const colon = url.indexOf(":", begin);
  if (end < begin || colon < 0 || colon > end) return url;
  return `${url.slice(0, colon)}:${shown}${url.slice(end)}`;
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
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state !== "granted") { // Asking would stop the start.
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
