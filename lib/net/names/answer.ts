/**
 * The answer of a resolver.
 *
 * @module
 */

import type { Context } from "../../sync/context.ts";
import type { IpAddress } from "../../wire/ip_address.ts";

/** An authoritative answer about a name. */
export interface NameAnswer {
  /** Its addresses in the order of the answer; may be empty. */
  readonly addresses: readonly IpAddress[];
  /** Whether the name exists, even without an address. */
  readonly exists: boolean;
  /** Milliseconds that the answer may be cached; 0 disables caching. */
  readonly life: number;
  /**
   * The complete answer, if this one has one family and the other is still
   * pending. Never rejects; `undefined` means that no server knew.
   */
  readonly late?: Promise<NameAnswer | undefined>;
}

/** A source of answers about names. */
export interface NameSource {
  /**
   * Looks up a name.
   *
   * @param name Name in lower case.
   * @param context Stops the lookup when cancelled, late answers included.
   * @returns The answer, also for a name that does not exist.
   * @throws {DialError} `resolver failed` if no source can answer.
   * @throws The reason of the cancellation.
   */
  lookup(name: string, context: Context): Promise<NameAnswer>;
}
