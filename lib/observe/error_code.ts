/**
 * What the system calls an error.
 *
 * @module
 */

/**
 * Reads the system's name of an error.
 *
 * @param error What was thrown.
 * @returns For example `EMFILE`, or `undefined` where it has none.
 */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
