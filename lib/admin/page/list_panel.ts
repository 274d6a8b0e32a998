/**
 * A table with its filter, its order and its count.
 *
 * @module
 */

import type { Tunnel } from "../api.ts";
import { byId, setText } from "./element.ts";
import { matchesFilter, parseFilter, type Term } from "./filter.ts";
import { formatCount, formatNumberOf } from "./format.ts";
import { Grid } from "./grid.ts";
import type { GridColumn, GridRow } from "./grid_row.ts";
import { type SortDirection, sortRows, type SortValue } from "./order.ts";

/** Milliseconds without a key after which typing has paused. */
const PAUSE = 700;

/** A sortable column. */
export interface ListColumn<R> extends GridColumn<R> {
  /** Returns the sort key of a row; missing if not sortable. */
  sortBy?(row: R): SortValue;
  /** The first direction (default: ascending). */
  firstDirection?: SortDirection;
}

/** Options of a panel. */
export interface ListPanelOptions<R> {
  /** Prefix of the ids of its elements. */
  name: string;
  /** Columns from left to right. */
  columns: readonly ListColumn<R>[];
  /** The first column to sort by. */
  sortedBy: string;
  /** Called when a row is chosen. */
  onChoose(row: R, how: "open" | "delete"): void;
}

/** A row of a panel. */
export interface ListRow extends GridRow {
  /** The tunnel, for filters. */
  readonly tunnel: Tunnel;
}

/** A panel. */
export class ListPanel<R extends ListRow> {
  readonly #options: ListPanelOptions<R>;
  readonly #grid: Grid<R>;
  readonly #panel: HTMLElement;
  readonly #count: HTMLElement;
  #all: readonly R[] = [];
  #shown: readonly R[] = [];
  #total = 0;
  #terms: Term[] = [];
  #sortedBy: ListColumn<R>;
  #direction: SortDirection;
  /**
   * Cached results of the filter; a tunnel object is replaced when it changes.
   */
  #found = new WeakMap<Tunnel, boolean>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Fills the panel's elements. */
  constructor(options: ListPanelOptions<R>) {
    const { name, columns, sortedBy } = options;
    this.#options = options;
    this.#panel = byId(name, HTMLElement);
    this.#count = byId(`${name}-count`, HTMLElement);
    this.#grid = new Grid<R>({
      table: byId(`${name}-table`, HTMLTableElement),
      scroller: byId(`${name}-scroller`, HTMLElement),
      columns: columns.map((column) => ({
        ...column,
        isSortable: column.sortBy !== undefined,
      })),
      onChoose: (row, how) => options.onChoose(row, how),
      onSort: (column) => this.#sort(column),
    });
    this.#sortedBy = columns.find(({ id }) => id === sortedBy)!;
    this.#direction = this.#sortedBy.firstDirection ?? 1;
    this.#grid.showOrder(sortedBy, this.#direction);
    const filter = byId(`${name}-filter`, HTMLInputElement);
    filter.addEventListener("input", () => this.#filter(filter.value));
    filter.addEventListener("keydown", ({ key }) => {
      if (key === "ArrowDown") byId(`${name}-table`, HTMLElement).focus();
      // Not every browser does this itself.
      if (key === "Escape") this.#filter(filter.value = "");
    });
  }

  /**
   * Updates the rows. While the pointer is on a row, all rows stay in place,
   * also ended ones.
   *
   * @param total The total, if the server does not send all.
   */
  update(rows: readonly R[], total = rows.length): void {
    this.#all = rows;
    this.#total = total;
    const isHeld = this.#grid.isHeld && this.#shown.length > 0;
    this.#panel.classList.toggle("held", isHeld);
    if (isHeld) {
      this.#tell();
      this.#tellHeld();
      this.#grid.refresh();
    } else this.#arrange();
  }

  #filter(text: string): void {
    this.#terms = parseFilter(text);
    this.#found = new WeakMap();
    this.#arrange();
    this.#tellLater();
  }

  /** Draws the rows again. */
  refresh(): void {
    this.#grid.refresh();
  }

  #sort(column: string): void {
    const next = this.#options.columns.find(({ id }) => id === column)!;
    const first = next.firstDirection ?? 1;
    const isSame = next === this.#sortedBy;
    this.#direction = isSame ? -this.#direction as SortDirection : first;
    this.#sortedBy = next;
    this.#grid.showOrder(column, this.#direction);
    this.#arrange();
  }

  #arrange(): void {
    const all = new Set(this.#all);
    // Nearly sorted lists sort fast, so rows already shown come first.
    const rows = this.#shown.filter((row) => all.delete(row) && this.#has(row));
    for (const row of all) if (this.#has(row)) rows.push(row);
    this.#shown = sortRows(rows, this.#sortedBy.sortBy!, this.#direction);
    this.#tell();
    this.#grid.show(this.#shown);
  }

  #has({ tunnel }: R): boolean {
    let isFound = this.#found.get(tunnel);
    if (isFound === undefined) {
      isFound = matchesFilter(this.#terms, tunnel);
      this.#found.set(tunnel, isFound);
    }
    return isFound;
  }

  /** Announces the number of matches to screen readers when typing pauses. */
  #tellLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const found = byId(`${this.#options.name}-found`, HTMLElement);
      const count = formatNumberOf(this.#shown.length, "tunnel");
      setText(found, this.#terms.length === 0 ? "" : `${count} found`);
    }, PAUSE);
  }

  /** While the pointer holds the rows, shows how many new ones wait. */
  #tellHeld(): void {
    const shown = new Set(this.#shown);
    const fresh = this.#all.reduce(
      (count, row) => count + (shown.has(row) || !this.#has(row) ? 0 : 1),
      0,
    );
    const text = fresh === 0
      ? "Order held"
      : `Order held, ${formatCount(fresh)} new`;
    setText(this.#panel.querySelector(".hold")!, text);
  }

  #tell(): void {
    const { length } = this.#all;
    const all = length < this.#total
      ? `first ${formatCount(length)} of ${formatCount(this.#total)}`
      : formatCount(length);
    const isFiltered = this.#terms.length > 0;
    const shown = formatCount(this.#shown.length);
    setText(this.#count, isFiltered ? `${shown} of ${all}` : all);
    const isEmpty = this.#shown.length === 0;
    const why = isFiltered && this.#all.length > 0 ? "filtered" : "none";
    this.#panel.dataset["empty"] = isEmpty ? why : "";
  }
}
