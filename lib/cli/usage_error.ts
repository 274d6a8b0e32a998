/**
 * Mistakes of the person who started the program.
 *
 * @module
 */

/** What an error is about. */
export interface ErrorSubject extends ErrorOptions {
  /** Name of the option that is to be changed. */
  option?: string | undefined;
  /** Names of other options that the message speaks of. */
  others?: readonly string[];
  /** What stands for the words that are to be changed, where they are these. */
  operand?: string | undefined;
}

/** Something that a person can change; it knows the option that it is about. */
export abstract class OptionError extends Error {
  /** What is wrong, without the name of the option. */
  readonly fault: string;
  /** Names of other options that the message speaks of. */
  readonly others: readonly string[];
  #option: string | undefined;

  /**
   * Constructs an error.
   *
   * @param message What is wrong and what would be right, in one line.
   * @param fault The same, without the name of the option.
   * @param subject What it is about.
   */
  constructor(message: string, fault: string, subject: ErrorSubject) {
    super(message, subject);
    this.fault = fault;
    this.#option = subject.option;
    this.others = subject.others ?? [];
  }

  /** Name of the option that is to be changed, where one is. */
  get option(): string | undefined {
    return this.#option;
  }

  /**
   * Makes it an error about an option, unless it is about one already.
   *
   * @param option Name of the option.
   */
  concern(option: string): void {
    this.#option ??= option;
  }
}

/** A command line that can't be carried out: one line, exit code 2. */
export class UsageError extends OptionError {
  /**
   * Constructs an error.
   *
   * @param fault What is wrong and what would be right. Where it is about an
   *   option, the option's name is put in front.
   * @param subject What it is about.
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

/** A start that failed for what the machine has or allows: exit code 1. */
export class StartError extends OptionError {
  /**
   * Constructs an error.
   *
   * @param message What could not be done and why, in one line.
   * @param subject What it is about, and the cause.
   */
  constructor(message: string, subject: ErrorSubject = {}) {
    super(message, message, subject);
    this.name = "StartError";
  }
}

/**
 * Does what concerns one option: an error that is about none yet is about that
 * one then. Its message stays as it is.
 *
 * @typeParam T What comes of it.
 * @param option Name of the option.
 * @param work What to do.
 * @returns What came of it.
 * @throws What `work` throws.
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
