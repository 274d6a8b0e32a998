/**
 * A message for many clients of the hub, encoded once for each dialect.
 *
 * @module
 */

import type { HubDialect } from "./wire/frame.ts";

/** Bytes for a client, shared with all clients of the same dialect. */
export interface HubOutput {
  /** Bytes to send. */
  readonly bytes: Uint8Array;
  /** Whether another client sent it, not the hub. */
  readonly isMessage: boolean;
}

/** A message for many clients. */
export class HubItem {
  readonly #encode: (dialect: HubDialect) => Uint8Array;
  readonly #isMessage: boolean;
  readonly #outputs = new Map<HubDialect, HubOutput>();

  /**
   * Creates an item, which is encoded on demand.
   *
   * @param isMessage Whether a client sent it, not the hub.
   * @param encode Encodes it; called once for each dialect.
   */
  constructor(
    isMessage: boolean,
    encode: (dialect: HubDialect) => Uint8Array,
  ) {
    this.#encode = encode;
    this.#isMessage = isMessage;
  }

  /**
   * Encodes the item for a client.
   *
   * @param dialect The client's dialect.
   * @returns The same object for all clients of one dialect.
   */
  for(dialect: HubDialect): HubOutput {
    let output = this.#outputs.get(dialect);
    if (output === undefined) {
      const bytes = this.#encode(dialect);
      output = { bytes, isMessage: this.#isMessage };
      this.#outputs.set(dialect, output);
    }
    return output;
  }
}
