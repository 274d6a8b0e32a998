/**
 * The selected line of a list that changes, and the part that is visible.
 *
 * @module
 */

import type { KeyName } from "./keys.ts";
import { lineStep } from "./line_step.ts";

/** The selected line; it follows its item when the order changes. */
export class ListCursor<Item> {
  #items: readonly Item[] = [];
  #height = 1;
  #index = 0;
  #first = 0;

  /** Index of the selected item. */
  get index(): number {
    return this.#index;
  }

  /** The selected item; `undefined` in an empty list. */
  get item(): Item | undefined {
    return this.#items[this.#index];
  }

  /** Index of the first visible item. */
  get first(): number {
    return this.#first;
  }

  /**
   * Sets a new list. The selected item stays selected; if it is gone, the item
   * in its place becomes selected.
   *
   * @param isSame Whether two values are the same item.
   */
  take(
    items: readonly Item[],
    isSame: (one: Item, other: Item) => boolean,
  ): void {
    const { item } = this;
    const found = item === undefined || this.#index === 0
      ? -1 // At the top, the first item stays selected.
      : items.findIndex((other) => isSame(item, other));
    this.#items = items;
    this.#select(found < 0 ? this.#index : found);
  }

  /** Sets the number of visible lines. */
  fit(height: number): void {
    this.#height = Math.max(1, height);
    this.#select(this.#index);
  }

  /**
   * Moves the selection.
   *
   * @returns Whether the key moves it.
   */
  press(key: KeyName): boolean {
    const step = lineStep(key, this.#height);
    if (step === undefined) return false;
    this.#select(this.#index + step);
    return true;
  }

  /** Selects the first item. */
  reset(): void {
    this.#select(0);
  }

  #select(wanted: number): void {
    const last = Math.max(0, this.#items.length - 1);
    this.#index = Math.min(last, Math.max(0, wanted));
    const lowest = Math.max(0, this.#items.length - this.#height);
    this.#first = Math.min(
      lowest,
      Math.max(
        this.#index - this.#height + 1,
        Math.min(this.#first, this.#index),
      ),
    );
  }
}
