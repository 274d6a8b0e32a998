/**
 * Places of connections that are nearly over. A new connection that finds no
 * free place takes one of these.
 *
 * @module
 */

/** The offer of a place. */
export interface Offer {
  /** Withdraws the offer. Does nothing once the place is taken. */
  withdraw(): void;
}

/** Offered places, in the order of their offers. */
export class OfferedPlaces {
  readonly #byKey = new Map<string, Set<OpenOffer>>();
  readonly #all = new Set<OpenOffer>();
  readonly #onChange: (count: number) => void;

  /**
   * Creates a list without offers.
   *
   * @param onChange Receives the number of offers whenever it changes.
   */
  constructor(onChange: (count: number) => void = () => {}) {
    this.#onChange = onChange;
  }

  /**
   * Offers a place.
   *
   * @param key Client or user.
   * @param leave Returns the place and ends its connection. It must not throw.
   */
  add(key: string, leave: () => void): Offer {
    const offer: OpenOffer = {
      leave,
      withdraw: () => {
        if (!this.#all.delete(offer)) return;
        const ofKey = this.#byKey.get(key)!;
        ofKey.delete(offer);
        if (ofKey.size === 0) this.#byKey.delete(key);
        this.#onChange(this.#all.size);
      },
    };
    this.#all.add(offer);
    const ofKey = this.#byKey.get(key);
    if (ofKey === undefined) this.#byKey.set(key, new Set([offer]));
    else ofKey.add(offer);
    this.#onChange(this.#all.size);
    return offer;
  }

  /**
   * Takes the place that has been offered the longest.
   *
   * @param key Required client or user (default: any).
   * @returns Whether a place was offered; it is free now.
   */
  take(key?: string): boolean {
    const offers = key === undefined ? this.#all : this.#byKey.get(key);
    const [oldest] = offers ?? [];
    if (oldest === undefined) return false;
    oldest.withdraw();
    oldest.leave();
    return true;
  }
}

interface OpenOffer extends Offer {
  readonly leave: () => void;
}
