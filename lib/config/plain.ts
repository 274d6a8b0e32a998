/**
 * A configuration on its way from one thread to another.
 *
 * @module
 */

import { loadListenerKinds } from "./listener_kinds.ts";
import type { Config } from "./load.ts";
import type { ProgramOptions } from "../serve/options/program.ts";
import type { PlainConfig } from "../workers/message.ts";

/**
 * Makes a configuration fit for a message: what was found in files and in the
 * environment is in it, so that all threads have the same.
 *
 * @param config The configuration.
 * @returns What others make it from.
 */
export function plainConfig({ listeners, program }: Config): PlainConfig {
  return {
    program,
    listeners: listeners.map(({ index, kindName, given }) => ({
      ...{ index, kindName, given },
    })),
  };
}

/**
 * Makes the configuration again.
 *
 * @param plain What has come.
 * @returns The configuration; its problems have no place in the file.
 */
export async function configOf(plain: PlainConfig): Promise<Config> {
  const kinds = await loadListenerKinds();
  return {
    program: plain.program as ProgramOptions,
    listeners: plain.listeners.map((listener) => ({
      ...listener,
      kind: kinds.get(listener.kindName)!,
      says: () => false,
      dropped: new Set<string>(),
    })),
    problems: [],
    problem: (path, message) => ({ path, line: 1, column: 1, message }),
    printable: undefined,
    hasSecrets: false,
    secretFiles: [],
    secretVariables: [],
  };
}
