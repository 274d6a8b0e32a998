/**
 * How many file descriptors are open.
 *
 * The system tells that only to a program with all permissions, and a server
 * gives up those that it does not need: from then on it counts what it opens
 * itself, on top of what there was.
 *
 * @module
 */

import type { Registry } from "../handlers/registry.ts";
import { descriptorLimit } from "./descriptors.ts";

/** A UDP association has its relay socket, and one to targets at least. */
const PER_ASSOCIATION = 2;

/** Counts descriptors. */
export class DescriptorMeter {
  readonly #registry: Registry;
  readonly #limit = descriptorLimit();
  #others: number | undefined;

  /**
   * Reads the limit.
   *
   * @param registry What holds descriptors.
   */
  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** How many may be open; `null` where the system does not say. */
  get limit(): number | null {
    return this.#limit ?? null;
  }

  /** How many are open, about; `null` where the system has not said. */
  get open(): number | null {
    return this.#others === undefined ? null : this.#others + this.#held();
  }

  /** Asks the system, as long as it answers. */
  read(): void {
    const count = countDescriptors();
    if (count !== undefined) this.#others = count - this.#held();
  }

  #held(): number {
    const { open, upstreams } = this.#registry;
    let count = 0;
    for (const [, { session, state }] of open) {
      count++;
      if (session.record.datagrams !== undefined) count += PER_ASSOCIATION;
      else if (state !== "handshake" && state !== "connecting") count++;
    }
    for (const { upstream } of upstreams) count += upstream.pool.figures.idle;
    return count;
  }
}

function countDescriptors(): number | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const path = "/proc/self/fd";
    const { state } = Deno.permissions.querySync({ name: "read", path });
    if (state !== "granted") return undefined; // Asking would stop the start.
    // The look itself has one.
    return [...Deno.readDirSync(path)].length - 1;
  } catch {
    return undefined;
  }
}
