/**
 * Repeated work that never runs twice at the same time.
 *
 * @module
 */

/**
 * Wraps work for a timer, so that a call does nothing while it is running.
 *
 * @param work The work to run.
 * @param onError Receives the error if the work fails.
 * @returns Starts the work unless it is already running.
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
