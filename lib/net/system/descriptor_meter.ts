/**
 * Counts open file descriptors.
 *
 * The system reports them only to a program with all permissions, and a server
 * drops those that it does not need. From then on it counts its own connections
 * and adds the others known before.
 *
 * @module
 */

import { descriptorLimit } from "./descriptors.ts";
import { requireRead } from "./system_file.ts";

/** Counts descriptors. */
export class DescriptorMeter {
  readonly #limit = descriptorLimit();
  #others: number | undefined;

  /** The limit; `null` if the system does not report it. */
  get limit(): number | null {
    return this.#limit ?? null;
  }

  /**
   * Returns how many are open, approximately.
   *
   * @param held Descriptors held by connections.
   * @returns That and the others; `null` if the system has not reported them.
   */
  open(held: number): number | null {
    return this.#others === undefined ? null : this.#others + held;
  }

  /**
   * Asks the system while it answers.
   *
   * @param held Descriptors held by connections, asked afterwards.
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
    // Reading the directory needs one.
    return [...Deno.readDirSync(path)].length - 1;
  } catch {
    return undefined;
  }
}
