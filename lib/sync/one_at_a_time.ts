/**
 * Work that is done again and again, but never twice at once.
 *
 * @module
 */

/**
 * Makes work that can be begun at any time, for a timer.
 *
 * @param onError Told why it failed.
 * @returns Begins it, where it is not being done already.
 */
export function oneAtATime(
  work: () => Promise<void>,
  onError: (error: unknown) => void,
): () => void {
  let isUnderWay = false;
  return () => {
    if (isUnderWay) return;
    isUnderWay = true;
    work().catch(onError).finally(() => isUnderWay = false);
  };
}
