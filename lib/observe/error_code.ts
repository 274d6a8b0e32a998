/**
 * Reads the code that the system gives an error.
 *
 * @module
 */

/**
 * Reads the system's code of an error.
 *
 * @param error Any thrown value.
 * @returns For example `EMFILE`; `undefined` if the error has none.
 */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : undefined;
}
