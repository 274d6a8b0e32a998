/**
 * Reads environment variables without prompting for permissions.
 *
 * @module
 */

import { isGranted } from "../net/system/is_granted.ts";
import { UsageError } from "./usage_error.ts";

/**
 * Reads an environment variable for which Deno has the permission.
 *
 * @returns The value; `undefined` if the variable is not set.
 * @throws {UsageError} If the value is not UTF-8. The runtime's own error would
 *   repeat it, and it may be a secret.
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
 * Reads an environment variable.
 *
 * @returns The value; `undefined` if the variable is unset or empty, or if Deno
 *   lacks the permission: a prompt for it would stop the start.
 * @throws {UsageError} If the value is not UTF-8.
 */
export function environmentVariable(name: string): string | undefined {
  if (!isGranted({ name: "env", variable: name })) return undefined;
  return readVariable(name) || undefined;
}
