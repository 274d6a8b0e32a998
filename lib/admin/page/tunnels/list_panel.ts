/**
 * A table with its filter, its order and its count.
 *
 * @module
 */

import type { Tunnel } from "../../api.ts";
import { byId, setText } from "../base/element.ts";
import { formatCount, formatNumberOf } from "../../client/format.ts";
import type { GridRow } from "../grid/drawn_row.ts";
import { Grid, type GridOptions } from "../grid/grid.ts";
import { ListFilter } from "./list_filter.ts";

/** Milliseconds without a key after which typing has paused. */
const PAUSE = 700;

/** Options of a panel. */
export interface ListPanelOptions<R> extends Omit<GridOptions<R>, "onOrder"> {
  /**
   * Moves the focus from the filter elsewhere; returns whether it did (default:
   * no).
   */
  onEnter?(): boolean | void;
  /** Called after the rows were updated, because other ones may match. */
  onMatch?(): void;
  /** Called when the person searches or sorts. */
  onSearch?(): void;
}

/** A row of a panel. */
export interface ListRow extends GridRow {
  /** The tunnel, for filters. */
  readonly tunnel: Tunnel;
}

/** A panel. */
export class ListPanel<R extends ListRow> {
  /** Its filter. */
  readonly filter: ListFilter;
  readonly #options: ListPanelOptions<R>;
  readonly #grid: Grid<R>;
  readonly #panel: HTMLElement;
  readonly #count: HTMLElement;
  #all: readonly R[] = [];
  #shown: readonly R[] = [];
  #total = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Fills the panel's elements. */
  constructor(options: ListPanelOptions<R>) {
    const { name } = options;
    this.#options = options;
    this.#panel = byId(name, HTMLElement);
    this.#count = byId(`${name}-count`, HTMLElement);
    this.#grid = new Grid<R>({
      ...options,
      onOrder: () => {
        this.#arrange();
        options.onSearch?.();
      },
    });
    this.filter = new ListFilter(name, {
      onChange: () => {
        this.#arrange();
        this.#tellLater();
        if (this.filter.isSet) options.onSearch?.();
      },
      onEnter: () => {
        if (options.onEnter?.() !== true) this.#grid.enter();
      },
    });
  }

  /** Rows that match the filter and have not ended. */
  get matching(): R[] {
    return this.#all.filter((row) =>
      !row.isGone && this.filter.has(row.tunnel)
    );
  }

  /**
   * Updates the rows. While the pointer is on a row, all rows stay in place,
   * even ended ones.
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
      this.#options.onMatch?.();
    } else this.#arrange();
  }

  /** Shows the rows that match a filter, and scrolls to the panel. */
  find(filter: string): void {
    this.filter.text = filter;
    this.#panel.scrollIntoView({ block: "nearest" });
  }

  /** Draws the rows again. */
  refresh(): void {
    this.#grid.refresh();
  }

  #arrange(): void {
    const all = new Set(this.#all);
    // Nearly sorted lists sort fast, so rows already shown come first.
    const rows = this.#shown.filter((row) => all.delete(row) && this.#has(row));
    for (const row of all) if (this.#has(row)) rows.push(row);
    this.#shown = this.#grid.show(rows);
    this.#tell();
    this.#options.onMatch?.();
  }

  #has({ tunnel }: R): boolean {
    return this.filter.has(tunnel);
  }

  /**
   * Announces the number of matches to screen readers when the person pauses
   * typing.
   */
  #tellLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const found = byId(`${this.#options.name}-found`, HTMLElement);
      const count = formatNumberOf(this.#shown.length, "tunnel");
      setText(found, this.filter.isSet ? `${count} found` : "");
    }, PAUSE);
  }

  /** While the pointer is on a row, shows how many new rows are waiting. */
  #tellHeld(): void {
    const shown = new Set(this.#shown);
    const fresh = this.#all.reduce(
      (count, row) => count + (shown.has(row) || !this.#has(row) ? 0 : 1),
      0,
    );
    const text = fresh === 0
      ? "Order paused"
      : `Order paused, ${formatCount(fresh)} new`;
    setText(this.#panel.querySelector(".hold")!, text);
  }

  #tell(): void {
    const { length } = this.#all;
    const all = length < this.#total
      ? `${formatCount(length)} loaded of ${formatCount(this.#total)}`
      : formatCount(length);
    const { isSet } = this.filter;
    const shown = formatCount(this.#shown.length);
    setText(this.#count, isSet ? `${shown} of ${all}` : all);
    const isEmpty = this.#shown.length === 0;
    const why = isSet && this.#all.length > 0 ? "filtered" : "none";
    this.#panel.dataset["empty"] = isEmpty ? why : "";
  }
}
