/**
 * Looks at files that may be missing, or closed to this user. The command sees
 * no more than this user does.
 *
 * @module
 */

/**
 * Looks at something.
 *
 * @typeParam T Type of the result.
 * @param look Throws if it is missing or closed.
 * @param otherwise The result in that case.
 */
export function lookOr<T>(look: () => T, otherwise: T): T {
  try {
    return look();
  } catch {
    return otherwise;
  }
}

/**
 * Looks at a file itself, not at what a link points to.
 *
 * @returns Its information; `undefined` if it is missing or closed.
 */
export function infoOf(path: string): Deno.FileInfo | undefined {
  return lookOr(() => Deno.lstatSync(path), undefined);
}

/** Tells whether a path is a socket. */
export function isSocket(path: string): boolean {
  return infoOf(path)?.isSocket === true;
}
