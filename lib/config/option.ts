/**
 * The option that names a configuration.
 *
 * @module
 */

import { path } from "../cli/declare_options.ts";
import type { Option, OptionTable } from "../cli/option.ts";
import { requireText } from "../cli/read_file.ts";
import { UsageError } from "../cli/usage_error.ts";

/** The option that names the file. */
export const CONFIG_OPTION: Option<string | undefined, never> = path({
  short: "c",
  help:
    "configuration file: JSON with comments; 'sluice config example' prints one",
});

/**
 * Explains where an option belongs if it is given to a command that takes a
 * file.
 *
 * @param name Name of the option as typed, without dashes.
 * @returns A sentence; `undefined` if files have no such setting.
 */
export async function hintAtSetting(name: string): Promise<string | undefined> {
  const says = (option: Option<unknown>) =>
    `"${name}": ${
      option.kind === "flag" ? "true" : JSON.stringify(option.value)
    }`;
  const { PROGRAM_OPTIONS } = await import(
    "../serve/options/program.ts"
  );
  const program: OptionTable = PROGRAM_OPTIONS;
  if (Object.hasOwn(program, name)) {
    return `in the file, write ${says(program[name]!)}`;
  }
  const { loadListenerKinds } = await import("./server_kinds.ts");
  for (const { options } of (await loadListenerKinds()).values()) {
    if (!Object.hasOwn(options, name)) continue;
    return `in the file, set it for a listener: ${says(options[name]!)}`;
  }
  return undefined;
}

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
  return { path, text: await requireText("read config", path) };
}
