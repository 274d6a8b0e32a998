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
import type { UpstreamStatus } from "./start_forward.ts";

/** A UDP association has its relay socket, and one to targets at least. */
const PER_ASSOCIATION = 2;

/** What holds descriptors besides the program itself. */
export interface DescriptorHolders {
  /** Connections of clients, and to their targets. */
  readonly registry: Registry;
  /** Upstreams, and the connections that are ready for them. */
  readonly upstreams: () => readonly UpstreamStatus[];
}

/** Counts descriptors. */
export class DescriptorMeter {
  readonly #holders: DescriptorHolders;
  readonly #limit = descriptorLimit();
  #others: number | undefined;

  /**
   * Reads the limit.
   *
   * @param holders What holds descriptors.
   */
  constructor(holders: DescriptorHolders) {
    this.#holders = holders;
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
    const { registry, upstreams } = this.#holders;
    let count = 0;
    for (const [, { session, state }] of registry.open) {
      count++;
      if (session.record.datagrams !== undefined) count += PER_ASSOCIATION;
      else if (state !== "handshake" && state !== "connecting") count++;
    }
    for (const { upstream } of upstreams()) count += upstream.pool.figures.idle;
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
