/**
 * The error of malformed rules.
 *
 * @module
 */

/** A mistake and its place. */
export interface RuleProblem {
  /** File, line and column, or which option: `rules.txt:12:7`. */
  readonly place: string;
  /** What was expected there. */
  readonly message: string;
}

/** Most problems in a message; the others are only counted. */
const MOST_TOLD = 5;

/** Rules that can't be read. */
export class RulesError extends SyntaxError {
  /** The first mistake of each line. */
  readonly problems: readonly RuleProblem[];

  /**
   * Constructs an error.
   *
   * @param problems At least one mistake: the first of each line.
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
