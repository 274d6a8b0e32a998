/**
 * A table that is sorted by one of its columns.
 *
 * @module
 */

import { byId } from "../base/element.ts";
import type { GridColumn, GridRow } from "./drawn_row.ts";
import { Grid } from "./grid.ts";
import { type SortDirection, sortRows } from "../../client/order.ts";

/** Options of a sorted table. */
export interface SortedGridOptions<R> {
  /** Prefix of the ids of its elements. */
  name: string;
  /** Columns from left to right. */
  columns: readonly GridColumn<R>[];
  /** The first column to sort by. */
  sortedBy: string;
  /** Called when the person opens a row, or presses Delete on it. */
  onChoose(row: R, how: "open" | "delete"): void;
  /**
   * Called when the order has changed, so that the owner shows the rows again.
   */
  onOrder(): void;
}

/** A sorted table. */
export class SortedGrid<R extends GridRow> {
  readonly #options: SortedGridOptions<R>;
  readonly #grid: Grid<R>;
  #sortedBy: GridColumn<R>;
  #direction: SortDirection;

  /** Fills the table's elements. */
  constructor(options: SortedGridOptions<R>) {
    const { columns, name, sortedBy } = options;
    this.#options = options;
    this.#grid = new Grid<R>({
      table: byId(`${name}-table`, HTMLTableElement),
      scroller: byId(`${name}-scroller`, HTMLElement),
      columns,
      onChoose: (row, how) => options.onChoose(row, how),
      onSort: (column) => this.#sort(column),
    });
    this.#sortedBy = columns.find(({ id }) => id === sortedBy)!;
    this.#direction = this.#sortedBy.firstDirection ?? 1;
    this.#grid.showOrder(sortedBy, this.#direction);
  }

  /** Whether the pointer or the focus is on a row, which should then stay. */
  get isHeld(): boolean {
    return this.#grid.isHeld;
  }

  /**
   * Shows other rows.
   *
   * @returns The rows in their order.
   */
  show(rows: readonly R[]): R[] {
    const sorted = sortRows(rows, this.#sortedBy.sortBy!, this.#direction);
    this.#grid.show(sorted);
    return sorted;
  }

  /** Draws the rows again before the next frame. */
  refresh(): void {
    this.#grid.refresh();
  }

  /** Moves the focus to the first row. */
  enter(): void {
    this.#grid.enter();
  }

  #sort(id: string): void {
    const next = this.#options.columns.find((column) => column.id === id)!;
    const isSame = next === this.#sortedBy;
    this.#direction = isSame
      ? -this.#direction as SortDirection
      : next.firstDirection ?? 1;
    this.#sortedBy = next;
    this.#grid.showOrder(id, this.#direction);
    this.#options.onOrder();
  }
}
