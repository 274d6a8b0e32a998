/**
 * Configurations without a file: of a command, or from another thread.
 *
 * @module
 */

import { sourceOf, valuesOf } from "../cli/option.ts";
import { loadListenerKind } from "./server_kinds.ts";
import type { Config } from "./load.ts";
import {
  PROGRAM_OPTIONS,
  type ProgramOptions,
} from "../serve/options/program.ts";
import type { ServerPlan } from "../serve/server_plan.ts";

/**
 * Converts a configuration into a message. It includes the contents of files
 * and the environment, so all threads have the same.
 *
 * @returns The plan for other threads.
 */
export function planOf({ listeners, program }: Config): ServerPlan {
  return {
    program,
    isReplaceable: true,
    listeners: listeners.map(({ index, kindName, given }) => ({
      ...{ index, kindName, given },
    })),
  };
}

/**
 * Creates a plan with the one listener of a command.
 *
 * @param kindName Name of the command.
 * @param options Its parsed option values.
 */
export function planOfCommand(kindName: string, options: object): ServerPlan {
  const { given: all } = sourceOf(options);
  const [program = [], own = []] = [true, false].map((isProgram) =>
    [...all].filter(([name]) =>
      Object.hasOwn(PROGRAM_OPTIONS, name) === isProgram
    )
  );
  return {
    program: valuesOf(PROGRAM_OPTIONS, new Map(program)),
    listeners: [{ index: 0, kindName, given: new Map(own) }],
    isReplaceable: false,
  };
}

/**
 * Creates the configuration of a plan.
 *
 * @returns The configuration; its problems have no place in a file.
 */
export async function configOf(plan: ServerPlan): Promise<Config> {
  return {
    program: plan.program as ProgramOptions,
    listeners: await Promise.all(plan.listeners.map(async (listener) => ({
      ...listener,
      kind: await loadListenerKind(listener.kindName),
      says: () => false,
      dropped: new Set<string>(),
    }))),
    problems: [],
    problem: (path, message) => ({ path, line: 1, column: 1, message }),
    spell: (text) => text,
    printable: undefined,
    hasSecrets: false,
    secretFiles: [],
    secretVariables: [],
  };
}
