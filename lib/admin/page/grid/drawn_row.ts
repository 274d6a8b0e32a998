/**
 * A drawn row of a table, which is reused for other items.
 *
 * @module
 */

import { make, setAttribute } from "../base/element.ts";

/** A column. */
export interface GridColumn<R> {
  /** Its id for the style sheet and for sorting. */
  id: string;
  /** Its heading. */
  label: string;
  /** Whether the heading is for screen readers only. */
  isLabelHidden?: boolean;
  /** Whether it can be sorted by (default: yes). */
  isSortable?: boolean;
  /** Fills a cell once, and returns what shows a row in it. */
  create(cell: HTMLElement): (row: R) => void;
}

/** What the table needs of a row. */
export interface GridRow {
  /** Its unique key. */
  readonly key: number;
  /** Whether its item has ended. */
  readonly isGone: boolean;
}

/** Elements that show a row. */
export class DrawnRow<R extends GridRow> {
  /** The whole. */
  readonly element: HTMLTableRowElement;
  /** Its cells. */
  readonly cells: readonly HTMLTableCellElement[];
  readonly #updates: readonly ((row: R) => void)[];

  /** Creates empty elements. */
  constructor(columns: readonly GridColumn<R>[]) {
    this.cells = columns.map(({ id }) =>
      make("td", {
        className: `column-${id}`,
        attributes: { role: "gridcell" },
      })
    );
    this.element = make("tr", {}, this.cells);
    this.#updates = columns.map(({ create }, n) => create(this.cells[n]!));
  }

  /** Shows a row with its index among all. */
  show(row: R, index: number): void {
    // The headings are row 1.
    setAttribute(this.element, "aria-rowindex", String(index + 2));
    this.element.classList.toggle("gone", row.isGone);
    this.element.classList.toggle("odd", index % 2 === 1);
    for (const update of this.#updates) update(row);
  }
}
