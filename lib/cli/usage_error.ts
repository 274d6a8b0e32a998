/**
 * Errors that the user of the program can fix.
 *
 * @module
 */

/** The subject of an error. */
export interface ErrorSubject extends ErrorOptions {
  /** Name of the option to change. */
  option?: string | undefined;
  /** Names of other options in the message. */
  others?: readonly string[];
  /** Placeholder of the operand to change, if it is one. */
  operand?: string | undefined;
}

/** An error that the user can fix, with the option that causes it. */
export abstract class OptionError extends Error {
  /** What is wrong, without the name of the option. */
  readonly fault: string;
  /** Names of other options in the message. */
  readonly others: readonly string[];
  #option: string | undefined;

  /**
   * Constructs an error.
   *
   * @param message What is wrong and what would be right, in one line.
   * @param fault The same, without the name of the option.
   * @param subject The option and others in the message.
   */
  constructor(message: string, fault: string, subject: ErrorSubject) {
    super(message, subject);
    this.fault = fault;
    this.#option = subject.option;
    this.others = subject.others ?? [];
  }

  /** Name of the option to change, if it is one. */
  get option(): string | undefined {
    return this.#option;
  }

  /** Assigns the error to an option, unless it already has one. */
  concern(option: string): void {
    this.#option ??= option;
  }
}

/** An invalid command line: one line, exit code 2. */
export class UsageError extends OptionError {
  /**
   * Constructs an error.
   *
   * @param fault What is wrong and what would be right. The message puts the
   *   name of the option before it.
   * @param subject The option and others in the message.
   */
  constructor(fault: string, subject: ErrorSubject = {}) {
    const { option, operand } = subject;
    const what = operand !== undefined
      ? `Argument ${operand}: `
      : option !== undefined
      ? `Option --${option}: `
      : "";
    super(what + fault, fault, subject);
    this.name = "UsageError";
  }
}

/** A start that fails because of the machine: exit code 1. */
export class StartError extends OptionError {
  /**
   * Constructs an error.
   *
   * @param message What failed and why, in one line.
   * @param subject The option, and the cause.
   */
  constructor(message: string, subject: ErrorSubject = {}) {
    super(message, message, subject);
    this.name = "StartError";
  }
}

/**
 * Runs work for one option. An error without an option is assigned to it; the
 * message stays unchanged.
 *
 * @typeParam T Result of the work.
 * @param option Name of the option.
 * @returns The result of the work.
 * @throws The error of the work.
 */
export async function concerning<T>(
  option: string,
  work: () => Promise<T> | T,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof OptionError) error.concern(option);
    throw error;
  }
}
