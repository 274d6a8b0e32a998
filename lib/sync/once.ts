/**
 * Functions that act only once.
 *
 * @module
 */

/**
 * Makes a function that can be called again without acting again.
 *
 * @typeParam T Type of the result.
 * @param act Called by the first call.
 * @returns The function; every call returns the result of the first.
 */
export function once<T>(act: () => T): () => T {
  let first: { readonly result: T } | undefined;
  return () => (first ??= { result: act() }).result;
}
