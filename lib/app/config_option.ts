/**
 * How commands are told which configuration.
 *
 * @module
 */

import { only, type Option } from "./option.ts";
import { fileFault } from "./file_error.ts";
import { readText } from "./read_file.ts";
import { UsageError } from "./usage_error.ts";

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
    return { path, text: await readText(path) };
  } catch (error) {
    throw fileFault("read config", path, error);
  }
}
