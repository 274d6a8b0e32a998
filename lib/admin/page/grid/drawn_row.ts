/**
 * A drawn row of a table; it is reused for other items.
 *
 * @module
 */

import type { SortDirection, SortValue } from "../../client/order.ts";
import { make, setAttribute } from "../base/element.ts";

/** A column. */
export interface GridColumn<R> {
  /** Its id for the style sheet and for sorting. */
  id: string;
  /** Its heading. */
  label: string;
  /** Whether the heading is for screen readers only. */
  isLabelHidden?: boolean;
  /** Returns the sort key of a row; missing if not sortable. */
  sortBy?(row: R): SortValue;
  /** The first direction of sorting (default: ascending). */
  firstDirection?: SortDirection;
  /** Prepares a cell, and returns a function that shows a row in it. */
  create(cell: HTMLElement): (row: R) => void;
}

/** The part of a row that the table needs. */
export interface GridRow {
  /** Its unique key. */
  readonly key: number;
  /** Whether its item has ended. */
  readonly isGone: boolean;
}

/** Elements that show a row. */
export class DrawnRow<R extends GridRow> {
  /** The row element. */
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

  /** Shows a row; `index` is its position in the whole list. */
  show(row: R, index: number): void {
    // The headings are row 1.
    setAttribute(this.element, "aria-rowindex", String(index + 2));
    this.element.classList.toggle("gone", row.isGone);
    this.element.classList.toggle("odd", index % 2 === 1);
    for (const update of this.#updates) update(row);
  }
}
