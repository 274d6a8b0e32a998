/**
 * Checks of the smoke test, and what they expect.
 *
 * @module
 */

import { print } from "../bench/task.ts";
import type { Program } from "./program.ts";

/** A check, which throws if something does not work. */
export interface Check {
  name: string;
  run(): Promise<void>;
}

/** Checks that passed and failed so far. */
export const tally = { passed: 0, failed: 0 };

/** Runs checks, prints a line for each, and counts them. */
export async function runChecks(
  program: Program,
  checks: Check[],
): Promise<void> {
  for (const { name, run } of checks) {
    try {
      await run();
      tally.passed++;
      print(`ok   ${program.name}: ${name}`);
    } catch (error) {
      tally.failed++;
      const why = error instanceof Error ? error.message : String(error);
      print(`FAIL ${program.name}: ${name}: ${why}`);
    }
  }
}

/** Fails a check unless a value is the wanted one. */
export function expect<T>(what: string, got: T, want: T, more = ""): void {
  if (got === want) return;
  throw new Error(`${what} ${got}, not ${want} ${more.trim()}`.trim());
}
