/**
 * Runs a task: parses its options, and reports a failure in one line.
 *
 * @module
 */

import { formatHelp } from "../../lib/cli/help.ts";
import type { OptionTable, OptionValues } from "../../lib/cli/option.ts";
import { parseOptions } from "../../lib/cli/parse_options.ts";
import { UsageError } from "../../lib/cli/usage_error.ts";
import { explainError } from "../../lib/observe/explain_error.ts";

/** Exit code for wrong arguments. */
const WRONG_USAGE = 2;

/** Exit code of a task that could not do its work. */
const FAILED = 3;

/** A task of `deno.json` with options. */
export interface Task<Table extends OptionTable> {
  name: string;
  summary: string;
  examples: readonly (readonly [line: string, effect: string])[];
  /** Its options, including `help`. */
  options: Table;
  /** Runs the task; returns the exit code. */
  run: (options: OptionValues<Table>) => Promise<number>;
}

/**
 * Runs a task with the program's arguments, and exits: with its own code, 2 for
 * wrong arguments, 3 for any other error.
 */
export async function runTask<Table extends OptionTable>(
  task: Task<Table>,
): Promise<never> {
  try {
    const options = await parseOptions(Deno.args, task.options);
    if (!options["help"]) Deno.exit(await task.run(options));
    const help = formatHelp({ ...task, usage: `${task.name} [OPTIONS]` });
    print(help.replace("sluice", "deno task"));
    Deno.exit();
  } catch (error) {
    say(`${task.name}: ${explainError(error)}`);
    Deno.exit(error instanceof UsageError ? WRONG_USAGE : FAILED);
  }
}

/** Prints a line of the result. */
export function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}

/** Prints progress for the waiting user. */
export function say(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text + "\n"));
}
