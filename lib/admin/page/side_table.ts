/**
 * A short table. Its rows stay the same elements while what they show changes:
 * a button that were made anew would lose the focus, and a click half done.
 *
 * @module
 */

import { byId, make, setText } from "./element.ts";
import { formatCount } from "./format.ts";

/** Rows that are drawn; of more the rest is counted. */
const MOST_ROWS = 200;

/** A row. */
export interface SideRow<T> {
  /** Its cells. */
  cells: HTMLElement[];
  /** Shows something in them. */
  show(item: T): void;
}

/** What a table needs. */
export interface SideTableOptions<T> {
  /** What the ids of its elements begin with. */
  name: string;
  /** What no other item has. */
  keyOf(item: T): string;
  /** Makes a row; it shows nothing. */
  createRow(): SideRow<T>;
}

interface PlacedRow<T> {
  element: HTMLTableRowElement;
  show(item: T): void;
}

/** A table. */
export class SideTable<T> {
  readonly #options: SideTableOptions<T>;
  readonly #body: HTMLElement;
  readonly #rest = make("td", { attributes: { colspan: "6" } });
  readonly #restLine = make("tr", {}, [this.#rest]);
  #rows = new Map<string, PlacedRow<T>>();

  /** Makes an empty table of the elements that are there. */
  constructor(options: SideTableOptions<T>) {
    this.#options = options;
    this.#body = byId(`${options.name}-rows`, HTMLElement);
  }

  /**
   * Shows items, in their order.
   *
   * @param count What stands beside the title (default: how many there are).
   */
  show(items: readonly T[], count = items.length): void {
    const { name } = this.#options;
    const shown = items.slice(0, MOST_ROWS);
    const before = this.#rows;
    this.#rows = new Map();
    for (const item of shown) {
      const key = this.#options.keyOf(item);
      const row = before.get(key) ?? this.#create();
      before.delete(key);
      row.show(item);
      this.#rows.set(key, row);
    }
    for (const { element } of before.values()) element.remove();
    this.#place();
    this.#showRest(items.length - shown.length);
    setText(
      byId(`${name}-count`, HTMLElement),
      count === 0 ? "" : formatCount(count),
    );
    byId(name, HTMLElement).dataset["empty"] = items.length === 0 ? "none" : "";
  }

  #create(): PlacedRow<T> {
    const { cells, show } = this.#options.createRow();
    return { element: make("tr", {}, cells), show };
  }

  /** Moves only what is elsewhere: what is moved loses the focus. */
  #place(): void {
    let next = this.#body.firstElementChild;
    for (const { element } of this.#rows.values()) {
      if (element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(element, next);
    }
  }

  #showRest(count: number): void {
    if (count <= 0) this.#restLine.remove();
    else {
      setText(this.#rest, `and ${formatCount(count)} more`);
      this.#body.append(this.#restLine);
    }
  }
}
