/**
 * A row of a table, drawn: it shows one thing after another.
 *
 * @module
 */

import { make, setAttribute } from "./element.ts";

/** A column. */
export interface GridColumn<R> {
  /** What it is called in the style sheet and where it is sorted by. */
  id: string;
  /** Its heading. */
  label: string;
  /** Whether the heading is for screen readers only. */
  isLabelHidden?: boolean;
  /** Whether it can be sorted by (default: yes). */
  isSortable?: boolean;
  /** Fills a cell once, and gives what shows a row in it. */
  create(cell: HTMLElement): (row: R) => void;
}

/** A row, as far as the table is concerned. */
export interface GridRow {
  /** What no other row has. */
  readonly key: number;
  /** Whether what it shows has ended. */
  readonly isGone: boolean;
}

/** Elements that show a row. */
export class DrawnRow<R extends GridRow> {
  /** The whole. */
  readonly element: HTMLTableRowElement;
  /** Its cells. */
  readonly cells: readonly HTMLTableCellElement[];
  readonly #updates: readonly ((row: R) => void)[];

  /** Makes the elements; they show nothing. */
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

  /** Shows a row, which has that number among all. */
  show(row: R, index: number): void {
    // The headings are the first.
    setAttribute(this.element, "aria-rowindex", String(index + 2));
    this.element.classList.toggle("gone", row.isGone);
    this.element.classList.toggle("odd", index % 2 === 1);
    for (const update of this.#updates) update(row);
  }
}
