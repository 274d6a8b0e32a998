/**
 * How commands are told which configuration.
 *
 * @module
 */

import { only, type Option } from "./option.ts";
import { StartError, UsageError } from "./usage_error.ts";

/** The option that names the file. */
export const CONFIG_OPTION: Option<string | undefined> = {
  value: "FILE",
  short: "c",
  help:
    "the configuration: JSON with comments; 'sluice config example' prints one",
  parse: only,
};

/**
 * Reads the file of a configuration.
 *
 * @param path Its path, as given.
 * @returns The path and the text.
 * @throws {UsageError} If none was given.
 * @throws {StartError} If it can't be read.
 */
export async function readConfigFile(
  path: string | undefined,
): Promise<{ path: string; text: string }> {
  if (path === undefined) {
    throw new UsageError("Option --config is needed: -c FILE");
  }
  try {
    const bytes = await Deno.readFile(path);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { path, text };
  } catch (error) {
    throw new StartError(`Cannot read config ${path}: ${explain(error)}`, {
      cause: error,
    });
  }
}

function explain(error: unknown): string {
  if (error instanceof TypeError) return "it is not UTF-8";
  if (error instanceof Deno.errors.NotFound) return "there is no such file";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.PermissionDenied) {
    return "this user may not read it";
  }
  return (error as Error).message;
}
