/**
 * The environment, without questions to the person at the terminal.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads a variable of the environment that Deno was given the permission for.
 *
 * @returns Its value; `undefined` where it is not set.
 * @throws {UsageError} If it is not UTF-8. The runtime's own words repeat it,
 *   and it may be a secret.
 */
export function readVariable(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.InvalidData)) throw error;
    throw new UsageError(`${name} in the environment is not UTF-8`);
  }
}

/**
 * Reads a variable of the environment.
 *
 * @returns Its value; `undefined` where it is not set or empty, or Deno was not
 *   given the permission to read it: asking for it would stop the start.
 * @throws {UsageError} If it is not UTF-8.
 */
export function environmentVariable(name: string): string | undefined {
  if (!isGranted({ name: "env", variable: name })) return undefined;
  return readVariable(name) || undefined;
}
