/**
 * A short table. It reuses its row elements when their content changes: a new
 * button would lose the focus and a half-done click.
 *
 * @module
 */

import { byId, make, setText } from "../base/element.ts";
import { formatCount } from "../../client/format.ts";

/** Default for the most rows drawn; the rest is only counted. */
const MOST_ROWS = 200;

/** A row. */
export interface ShortRow<T> {
  /** The cells of the row. */
  cells: HTMLElement[];
  /** Shows an item in them. */
  show(item: T): void;
}

/** Options of a table. */
export interface ShortTableOptions<T> {
  /** Prefix of the ids of its elements. */
  name: string;
  /** Most rows drawn; the rest is only counted (default 200). */
  most?: number;
  /** Returns the unique key of an item. */
  keyOf(item: T): string;
  /** Creates an empty row. */
  createRow(): ShortRow<T>;
}

interface PlacedRow<T> {
  element: HTMLTableRowElement;
  show(item: T): void;
}

/** A table. */
export class ShortTable<T> {
  readonly #options: ShortTableOptions<T>;
  readonly #body: HTMLElement;
  readonly #rest = make("td", { attributes: { colspan: "6" } });
  readonly #restLine = make("tr", {}, [this.#rest]);
  #rows = new Map<string, PlacedRow<T>>();

  /** Creates an empty table from existing elements. */
  constructor(options: ShortTableOptions<T>) {
    this.#options = options;
    this.#body = byId(`${options.name}-rows`, HTMLElement);
  }

  /**
   * Shows items in their order. If the title has a place for the number of
   * items, it shows it.
   */
  show(items: readonly T[]): void {
    const { most = MOST_ROWS, name } = this.#options;
    const shown = items.slice(0, most);
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
    const count = document.getElementById(`${name}-count`);
    if (count !== null) {
      setText(count, items.length === 0 ? "" : formatCount(items.length));
    }
    byId(name, HTMLElement).dataset["empty"] = items.length === 0 ? "none" : "";
  }

  #create(): PlacedRow<T> {
    const { cells, show } = this.#options.createRow();
    return { element: make("tr", {}, cells), show };
  }

  /** Moves only misplaced rows, because a moved row loses the focus. */
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
