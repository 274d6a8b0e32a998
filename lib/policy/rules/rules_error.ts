/**
 * What is wrong with rules.
 *
 * @module
 */

/** A mistake, and where it is. */
export interface RuleProblem {
  /** File, line and column, or which option: `rules.txt:12:7`. */
  readonly place: string;
  /** What was expected there. */
  readonly message: string;
}

/** Problems that a message tells; the rest is counted. */
const MOST_TOLD = 5;

/** Rules that can't be read. */
export class RulesError extends SyntaxError {
  /** The first mistake of each line. */
  readonly problems: readonly RuleProblem[];

  /**
   * Constructs an error.
   *
   * @param problems The first mistake of each line; one at least.
   */
  constructor(problems: readonly RuleProblem[]) {
    const told = problems.slice(0, MOST_TOLD)
      .map(({ place, message }) => `${place}: ${message}`);
    if (problems.length > MOST_TOLD) {
      told.push(`and ${problems.length - MOST_TOLD} more`);
    }
    super(told.join("; "));
    this.name = "RulesError";
    this.problems = problems;
  }
}
