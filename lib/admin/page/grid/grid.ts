/**
 * A table of any length in which only the visible rows exist.
 *
 * It is one Tab stop; arrow keys move the active cell. The table keeps the
 * focus and names the cell as its active descendant, because a focused row
 * would lose the focus when it scrolls away.
 *
 * @module
 */

import { byId, make, setAttribute } from "../base/element.ts";
import { DrawnRow, type GridColumn, type GridRow } from "./drawn_row.ts";
import { HEADINGS, move, type Position } from "./position.ts";
import { type SortDirection, sortRows } from "../../client/order.ts";
import { visibleRows } from "./visible_rows.ts";

/** Options of a table. */
export interface GridOptions<R> {
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

/** A table. */
export class Grid<R extends GridRow> {
  readonly #options: GridOptions<R>;
  readonly #table: HTMLTableElement;
  readonly #scroller: HTMLElement;
  readonly #headings: HTMLTableCellElement[];
  readonly #body = make("tbody");
  readonly #before = spacer();
  readonly #after = spacer();
  readonly #drawn: DrawnRow<R>[] = [];
  #sortedBy: GridColumn<R>;
  #direction: SortDirection;
  #rows: readonly R[] = [];
  #first = 0;
  #active: Position = { row: HEADINGS, column: 0 };
  #activeKey: number | undefined;
  #isPointedAt = false;
  /** Kept, because to ask the browser in a frame makes it lay out the page. */
  #top = 0;
  #height = 0;
  #rowHeight = 36;
  #headHeight = 36;
  #frame: number | undefined;

  /** Fills the table's elements with headings, without rows. */
  constructor(options: GridOptions<R>) {
    this.#options = options;
    const { columns, name, sortedBy } = options;
    const table = this.#table = byId(`${name}-table`, HTMLTableElement);
    this.#scroller = byId(`${name}-scroller`, HTMLElement);
    this.#headings = columns.map((column) => this.#makeHeading(column));
    const line = make("tr", { attributes: { "aria-rowindex": "1" } });
    line.append(...this.#headings);
    this.#body.append(this.#before, this.#after);
    table.append(make("thead", {}, [line]), this.#body);
    setAttribute(table, "aria-colcount", String(columns.length));
    this.#sortedBy = columns.find(({ id }) => id === sortedBy)!;
    this.#direction = this.#sortedBy.firstDirection ?? 1;
    this.#showOrder();
    this.#listen();
  }

  /** Whether the pointer is on a row, which should then stay in place. */
  get isHeld(): boolean {
    const hasFocus = document.activeElement === this.#table;
    return this.#isPointedAt || hasFocus && this.#active.row !== HEADINGS;
  }

  /**
   * Shows other rows.
   *
   * @returns The rows in their order.
   */
  show(rows: readonly R[]): R[] {
    const sorted = sortRows(rows, this.#sortedBy.sortBy!, this.#direction);
    this.#rows = sorted;
    setAttribute(this.#table, "aria-rowcount", String(rows.length + 1));
    if (this.#activeKey !== undefined) this.#findActive(this.#activeKey);
    this.#draw();
    return sorted;
  }

  /** Moves the focus to the first row, or to the headings of an empty table. */
  enter(): void {
    this.#scroller.scrollTop = 0;
    this.#activate({ row: Math.min(0, this.#rows.length - 1), column: 0 });
    this.#table.focus();
  }

  /** Redraws before the next frame. */
  refresh(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
  }

  #sort(column: GridColumn<R>): void {
    const isSame = column === this.#sortedBy;
    this.#direction = isSame
      ? -this.#direction as SortDirection
      : column.firstDirection ?? 1;
    this.#sortedBy = column;
    this.#showOrder();
    this.#options.onOrder();
  }

  /** Marks the column by which the rows are sorted. */
  #showOrder(): void {
    const order = this.#direction === 1 ? "ascending" : "descending";
    for (const [n, heading] of this.#headings.entries()) {
      const column = this.#options.columns[n]!;
      if (column.sortBy === undefined) continue;
      const isSorted = column === this.#sortedBy;
      setAttribute(heading, "aria-sort", isSorted ? order : "none");
    }
  }

  #makeHeading(column: GridColumn<R>): HTMLTableCellElement {
    const { id, label, isLabelHidden } = column;
    const isSortable = column.sortBy !== undefined;
    const text = make("span", {
      text: label,
      ...(isLabelHidden ? { className: "hidden" } : {}),
    });
    const heading = make("th", {
      className: `column-${id}${isSortable ? " sortable" : ""}`,
      attributes: { scope: "col" },
    }, [text]);
    if (isSortable) {
      heading.addEventListener("click", () => this.#sort(column));
    }
    return heading;
  }

  #listen(): void {
    const [table, scroller] = [this.#table, this.#scroller];
    scroller.addEventListener("scroll", () => {
      this.#top = scroller.scrollTop;
      this.refresh();
    }, { passive: true });
    new ResizeObserver(() => this.#measure()).observe(scroller);
    table.addEventListener("keydown", (event) => this.#press(event));
    table.addEventListener("focus", () => this.refresh());
    table.addEventListener("blur", () => this.refresh());
    this.#body.addEventListener("click", (event) => this.#click(event));
    this.#body.addEventListener("pointerenter", ({ pointerType }) => {
      this.#isPointedAt = pointerType === "mouse";
    });
    this.#body.addEventListener("pointerleave", () => {
      this.#isPointedAt = false;
    });
  }

  /** Measures sizes when they change, so that no frame has to. */
  #measure(): void {
    const style = getComputedStyle(this.#table);
    this.#rowHeight = parseFloat(style.getPropertyValue("--row-height"));
    this.#headHeight = this.#headings[0]!.offsetHeight;
    this.#height = this.#scroller.clientHeight;
    this.#top = this.#scroller.scrollTop;
    this.refresh();
  }

  #draw(): void {
    const { first, end, before, after } = visibleRows({
      scrollTop: this.#top,
      height: this.#height,
      rowHeight: this.#rowHeight,
      count: this.#rows.length,
    });
    this.#first = first;
    this.#resize(end - first);
    this.#before.style.height = `${before}px`;
    this.#after.style.height = `${after}px`;
    for (const [n, drawn] of this.#drawn.entries()) {
      drawn.show(this.#rows[first + n]!, first + n);
    }
    this.#drawActive();
  }

  #resize(count: number): void {
    while (this.#drawn.length > count) this.#drawn.pop()!.element.remove();
    while (this.#drawn.length < count) {
      const drawn = new DrawnRow<R>(this.#options.columns);
      this.#drawn.push(drawn);
      this.#after.before(drawn.element);
    }
  }

  #drawActive(): void {
    const table = this.#table;
    const { row, column } = this.#active;
    const hasFocus = document.activeElement === table;
    for (const cell of table.querySelectorAll("[id]")) {
      cell.removeAttribute("id");
      cell.classList.remove("active");
      cell.parentElement!.classList.remove("active");
    }
    const drawn = this.#drawn[row - this.#first];
    const cell = row === HEADINGS
      ? this.#headings[column]
      : drawn?.cells[column];
    if (!hasFocus || cell === undefined) {
      table.removeAttribute("aria-activedescendant");
      return;
    }
    cell.id = `${table.id}-${row + 1}-${column}`;
    cell.classList.add("active");
    if (row !== HEADINGS) drawn?.element.classList.add("active");
    setAttribute(table, "aria-activedescendant", cell.id);
  }

  #press(event: KeyboardEvent): void {
    const { columns, onChoose } = this.#options;
    const { row, column } = this.#active;
    const page = Math.max(1, Math.floor(this.#height / this.#rowHeight) - 2);
    const extent = { rows: this.#rows.length, columns: columns.length, page };
    const to = event.key === "Escape"
      ? { row: HEADINGS, column }
      : move(this.#active, event, extent);
    const chosen = this.#rows[row];
    if (to !== undefined) this.#activate(this.#skipHidden(to));
    else if (event.key === "Enter" || event.key === " ") {
      const heading = columns[column]!;
      if (chosen !== undefined) {
        onChoose(chosen, heading.id === "action" ? "delete" : "open");
      } else if (heading.sortBy !== undefined) this.#sort(heading);
    } else if (event.key === "Delete" && chosen !== undefined) {
      onChoose(chosen, "delete");
    } else return;
    event.preventDefault();
  }

  /** Skips columns that a narrow window hides. */
  #skipHidden({ row, column }: Position): Position {
    const step = column < this.#active.column ? -1 : 1;
    const isShown = (n: number) => this.#headings[n]!.offsetWidth > 0;
    let next = column;
    while (this.#headings[next] !== undefined && !isShown(next)) next += step;
    return {
      row,
      column: this.#headings[next] === undefined ? this.#active.column : next,
    };
  }

  #activate(position: Position): void {
    this.#active = position;
    this.#activeKey = this.#rows[position.row]?.key;
    const scroller = this.#scroller;
    const top = position.row * this.#rowHeight;
    const room = this.#height - this.#headHeight - this.#rowHeight;
    if (position.row !== HEADINGS) {
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
    }
    this.#top = scroller.scrollTop;
    this.#draw();
  }

  /** The active cell follows its row, or stays if the row is gone. */
  #findActive(key: number): void {
    const { row, column } = this.#active;
    if (this.#rows[row]?.key === key) return;
    const index = this.#rows.findIndex((other) => other.key === key);
    const next = index === -1 ? Math.min(row, this.#rows.length - 1) : index;
    this.#active = { row: next, column };
    this.#activeKey = this.#rows[next]?.key;
  }

  #click({ target }: Event): void {
    const cell = (target as Element).closest("td");
    const line = cell?.parentElement;
    const n = this.#drawn.findIndex(({ element }) => element === line);
    const row = this.#rows[this.#first + n];
    if (n === -1 || row === undefined) return;
    // The person is selecting text to copy it.
    if (getSelection()?.isCollapsed === false) return;
    const isAction = (target as Element).closest("button") !== null;
    this.#activate({
      row: this.#first + n,
      column: this.#drawn[n]!.cells.indexOf(cell!),
    });
    this.#options.onChoose(row, isAction ? "delete" : "open");
  }
}

function spacer(): HTMLTableRowElement {
  return make("tr", {
    className: "spacer",
    attributes: { "aria-hidden": "true" },
  });
}
