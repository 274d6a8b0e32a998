/**
 * The environment, without questions to the person at the terminal.
 *
 * @module
 */

/**
 * Reads a variable of the environment.
 *
 * @param name Its name.
 * @returns Its value; `undefined` where it is not set or empty, or Deno was not
 *   given the permission to read it: asking for it would stop the start.
 */
export function environmentVariable(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state !== "granted") return undefined;
  return Deno.env.get(name) || undefined;
}
