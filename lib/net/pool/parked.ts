/**
 * A connection that waits for a client.
 *
 * @module
 */

import type { Dialled } from "../dial.ts";
import type { Duplex } from "../duplex.ts";
import { EarlyReader } from "../early_reader.ts";

/** A connection that was dialled, with its streams. */
export interface Ready extends Dialled {
  /** Its streams. */
  readonly duplex: Duplex;
  /** When it was dialled, by `performance.now()`. */
  readonly openedAt: number;
}

/** Options for {@linkcode Parked}. */
export interface ParkedOptions {
  /** Bytes that the upstream may send before a client asks (default 0). */
  mostEarly?: number;
  /** Called once when the upstream closes it or sends too much. */
  onEnd: (parked: Parked, why: "ended" | "spoke") => void;
}

/** A connection that waits for a client and is watched while it does. */
export class Parked {
  /** The connection. */
  readonly ready: Ready;
  /** Since when it has waited, by `performance.now()`. */
  readonly parkedAt: number = performance.now();
  readonly #options: ParkedOptions;
  #watch: EarlyReader | undefined;
  #isOver = false;

  /**
   * Wraps a connection; {@linkcode Parked.watch} begins to watch it.
   *
   * @param ready The connection; nothing else reads from it until it is taken.
   * @param options What it may do while parked.
   */
  constructor(ready: Ready, options: ParkedOptions) {
    this.ready = ready;
    this.#options = options;
  }

  /** Whether it was taken or closed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Begins to watch it, once it is in the list: `onEnd` is called before this
   * returns if the connection has ended already.
   */
  watch(): void {
    const { mostEarly = 0, onEnd } = this.#options;
    this.#watch = new EarlyReader(this.ready.duplex, (error) => {
      onEnd(this, error instanceof RangeError ? "spoke" : "ended");
    }, { most: mostEarly });
  }

  /**
   * Hands it over.
   *
   * @returns The connection, positioned at the upstream's first byte.
   */
  take(): Ready {
    this.#isOver = true;
    this.#watch?.stop();
    return this.ready;
  }

  /** Closes it. */
  close(): void {
    const { duplex } = this.ready;
    this.#isOver = true;
    duplex.close();
    this.#watch?.stop();
    duplex.releaseBuffer();
  }
}
