/**
 * Combines the answers of a name server for both families, which arrive
 * separately (RFC 8305 §3).
 *
 * @module
 */

import { type Deadline, setDeadline } from "../../sync/deadline.ts";
import type { NameAnswer } from "./answer.ts";

/**
 * Milliseconds that addresses of the other family wait for those of the
 * preferred one, as RFC 8305 §3 recommends.
 */
export const RESOLUTION_DELAY = 50;

/** A question for one family. */
export interface FamilyQuestion {
  /** Whether its addresses suffice to begin. */
  readonly isPreferred: boolean;
  /** Its answer; rejects if no server answers. */
  readonly answer: Promise<NameAnswer>;
}

/**
 * Waits for enough to begin: addresses of the preferred family, or those of the
 * other one and a short time; otherwise the answers for both.
 *
 * @param questions One for each family, in the order in which their addresses
 *   are returned.
 * @returns The answer. An answer with one of two families is not cached,
 *   whether the other is late or failed: the next lookup may get it.
 * @throws The first failure, if there is no address and the failed family may
 *   have one.
 */
export async function combineFamilies(
  questions: readonly FamilyQuestion[],
): Promise<NameAnswer> {
  const answers: (NameAnswer | undefined)[] = questions.map(() => undefined);
  const failures: unknown[] = [];
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  let delay: Deadline | undefined;
  let left = questions.length;
  const settled = questions.map(async ({ answer, isPreferred }, index) => {
    try {
      const { addresses } = answers[index] = await answer;
      if (addresses.length > 0 && isPreferred) resolve();
      else if (addresses.length > 0 && left > 1) {
        delay = setDeadline(RESOLUTION_DELAY, resolve);
      }
    } catch (error) {
      failures.push(error);
    }
    if (--left === 0) resolve();
    return answers[index];
  });
  await enough;
  delay?.clear();
  const answer = whole();
  if (!answers.includes(undefined)) return answer;
  const half = { ...answer, life: 0 };
  if (left > 0) {
    const other = settled[answers.indexOf(undefined)]!;
    return { ...half, late: other.then((found) => found && whole()) };
  }
  // A name that does not exist has no address of either family (RFC 8020).
  if (answer.exists && answer.addresses.length === 0) throw failures[0];
  return half;

  function whole(): NameAnswer {
    return join(answers.filter((answer) => answer !== undefined));
  }
}

function join(answers: readonly NameAnswer[]): NameAnswer {
  const addresses = answers.flatMap(({ addresses }) => addresses);
  return {
    addresses,
    // Some servers deny the name although only this type is missing (RFC 4074
    // §4.2).
    exists: addresses.length > 0 || answers.every(({ exists }) => exists),
    life: Math.min(...answers.map(({ life }) => life)),
  };
}
