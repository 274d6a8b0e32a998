/**
 * What is found out about a name.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import type { IpAddress } from "../../wire/ip_address.ts";

/** An answer that somebody competent has given. */
export interface NameAnswer {
  /** Its addresses in the order of whoever answered; maybe none. */
  readonly addresses: readonly IpAddress[];
  /** Whether there is such a name, be it without an address. */
  readonly exists: boolean;
  /** Milliseconds that the answer may be kept; 0 is not at all. */
  readonly life: number;
  /**
   * The whole answer, where this one is half of it: the other family is still
   * asked for. It never rejects; `undefined` means that no server knew.
   */
  readonly late?: Promise<NameAnswer | undefined>;
}

/** Somebody who knows about names. */
export interface NameSource {
  /**
   * Finds out about a name.
   *
   * @param name Name in small letters.
   * @param context Gives up when cancelled, what is late included.
   * @returns The answer, also where there is no such name.
   * @throws {DialError} `resolver failed` where nobody knows.
   * @throws The reason of the cancellation.
   */
  lookup(name: string, context: Context): Promise<NameAnswer>;
}
