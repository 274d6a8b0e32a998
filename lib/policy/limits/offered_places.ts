/**
 * Places whose connections are as good as over: whoever finds none free gets
 * one of these.
 *
 * @module
 */

/** A place that others may have. */
export interface Offer {
  /** Takes the offer back. Does nothing once the place is gone. */
  withdraw(): void;
}

/** Places that are offered, in the order of their offers. */
export class OfferedPlaces {
  readonly #byKey = new Map<string, Set<OpenOffer>>();
  readonly #all = new Set<OpenOffer>();
  readonly #onChange: (count: number) => void;

  /**
   * Begins with none.
   *
   * @param onChange Told how many there are, when that changes.
   */
  constructor(onChange: (count: number) => void = () => {}) {
    this.#onChange = onChange;
  }

  /** How many there are. */
  get size(): number {
    return this.#all.size;
  }

  /**
   * Offers a place.
   *
   * @param key Whose it is.
   * @param leave Gives the place back and ends its connection; must not throw.
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
   * Takes the place that has been offered for longest.
   *
   * @param key Whose it must be (default anyone's).
   * @returns Whether there was one; it is free then.
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
