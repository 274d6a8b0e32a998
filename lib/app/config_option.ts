/**
 * How commands are told which configuration.
 *
 * @module
 */

import { path } from "./declare_options.ts";
import type { Option } from "./option.ts";
import { explainFile, readText } from "./read_file.ts";
import { StartError, UsageError } from "./usage_error.ts";

/** The option that names the file. */
export const CONFIG_OPTION: Option<string | undefined, never> = path({
  short: "c",
  help:
    "the configuration: JSON with comments; 'sluice config example' prints one",
});

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
    throw new UsageError("it is missing; give -c FILE", { option: "config" });
  }
  try {
    return { path, text: await readText(path) };
  } catch (error) {
    const why = explainFile(path, error);
    throw new StartError(`Cannot read config ${path}: ${why}`, {
      cause: error,
    });
  }
}
