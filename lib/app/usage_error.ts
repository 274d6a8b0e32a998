/**
 * Mistakes of the person who started the program.
 *
 * @module
 */

/** A command line that can't be carried out: one line, exit code 2. */
export class UsageError extends Error {
  /**
   * Constructs an error.
   *
   * @param message What is wrong, naming the option or value.
   */
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

/** A start that failed for what the machine has or allows: exit code 1. */
export class StartError extends Error {
  /**
   * Constructs an error.
   *
   * @param message What could not be done and why, in one line.
   * @param options Cause.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StartError";
  }
}
