/**
 * How many file descriptors are open.
 *
 * The system tells that only to a program with all permissions, and a server
 * gives up those that it does not need: from then on it counts what it opens
 * itself, on top of what there was.
 *
 * @module
 */

import { descriptorLimit } from "./descriptors.ts";
import { requireRead } from "./system_file.ts";

/** Counts descriptors. */
export class DescriptorMeter {
  readonly #limit = descriptorLimit();
  #others: number | undefined;

  /** How many may be open; `null` where the system does not say. */
  get limit(): number | null {
    return this.#limit ?? null;
  }

  /**
   * Tells how many are open, about.
   *
   * @param held How many connections hold.
   * @returns That and the others; `null` where the system has not said.
   */
  open(held: number): number | null {
    return this.#others === undefined ? null : this.#others + held;
  }

  /**
   * Asks the system, as long as it answers.
   *
   * @param held How many connections hold, asked after it.
   */
  async read(held: () => Promise<number>): Promise<void> {
    const count = countDescriptors();
    if (count !== undefined) this.#others = count - await held();
  }
}

function countDescriptors(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const path = "/proc/self/fd";
    requireRead(path);
    // The look itself has one.
    return [...Deno.readDirSync(path)].length - 1;
  } catch {
    return undefined;
  }
}
