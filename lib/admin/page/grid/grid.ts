/**
 * A table of any length in which only the visible rows exist.
 *
 * It is one Tab stop; arrow keys move the active cell. The table keeps the
 * focus and names the cell as its active descendant, because a focused row
 * would lose the focus when it scrolls away.
 *
 * @module
 */

import { make, setAttribute } from "../base/element.ts";
import { DrawnRow, type GridColumn, type GridRow } from "./drawn_row.ts";
import { HEADINGS, move, type Position } from "./position.ts";
import type { SortDirection } from "../../client/order.ts";
import { visibleRows } from "./visible_rows.ts";

/** Options of a table. */
export interface GridOptions<R> {
  /** The table, empty. */
  table: HTMLTableElement;
  /** The scrolling element. */
  scroller: HTMLElement;
  /** Columns from left to right. */
  columns: readonly GridColumn<R>[];
  /** Called when the person opens a row, or presses Delete on it. */
  onChoose(row: R, how: "open" | "delete"): void;
  /** Called when the person activates a heading. */
  onSort(column: string): void;
}

/** A table. */
export class Grid<R extends GridRow> {
  readonly #options: GridOptions<R>;
  readonly #headings: HTMLTableCellElement[];
  readonly #body = make("tbody");
  readonly #before = spacer();
  readonly #after = spacer();
  readonly #drawn: DrawnRow<R>[] = [];
  #rows: readonly R[] = [];
  #first = 0;
  #active: Position = { row: HEADINGS, column: 0 };
  #activeKey: number | undefined;
  #isPointedAt = false;
  #height = 0;
  #rowHeight = 36;
  #headHeight = 36;
  #frame: number | undefined;

  /** Creates the headings, without rows. */
  constructor(options: GridOptions<R>) {
    this.#options = options;
    const { table, columns } = options;
    this.#headings = columns.map((column) => this.#makeHeading(column));
    const line = make("tr", { attributes: { "aria-rowindex": "1" } });
    line.append(...this.#headings);
    this.#body.append(this.#before, this.#after);
    table.append(make("thead", {}, [line]), this.#body);
    setAttribute(table, "aria-colcount", String(columns.length));
    this.#listen();
  }

  /** Whether the pointer is on a row, which should then stay in place. */
  get isHeld(): boolean {
    const hasFocus = document.activeElement === this.#options.table;
    return this.#isPointedAt || hasFocus && this.#active.row !== HEADINGS;
  }

  /** Shows other rows. */
  show(rows: readonly R[]): void {
    this.#rows = rows;
    const { table } = this.#options;
    setAttribute(table, "aria-rowcount", String(rows.length + 1));
    if (this.#activeKey !== undefined) this.#findActive(this.#activeKey);
    this.#draw();
  }

  /** Marks the column by which the rows are sorted. */
  showOrder(column: string, direction: SortDirection): void {
    for (const [n, heading] of this.#headings.entries()) {
      const { id, sortBy } = this.#options.columns[n]!;
      if (sortBy === undefined) continue;
      const order = direction === 1 ? "ascending" : "descending";
      setAttribute(heading, "aria-sort", id === column ? order : "none");
    }
  }

  /** Moves the focus to the first row, or to the headings of an empty table. */
  enter(): void {
    this.#options.scroller.scrollTop = 0;
    this.#activate({ row: Math.min(0, this.#rows.length - 1), column: 0 });
    this.#options.table.focus();
  }

  /** Redraws before the next frame. */
  refresh(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#draw();
    });
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
      heading.addEventListener("click", () => this.#options.onSort(id));
    }
    return heading;
  }

  #listen(): void {
    const { table, scroller } = this.#options;
    scroller.addEventListener("scroll", () => this.refresh(), {
      passive: true,
    });
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
    const { table, scroller } = this.#options;
    const style = getComputedStyle(table);
    this.#rowHeight = parseFloat(style.getPropertyValue("--row-height"));
    this.#headHeight = this.#headings[0]!.offsetHeight;
    this.#height = scroller.clientHeight;
    this.refresh();
  }

  #draw(): void {
    const { first, end, before, after } = visibleRows({
      scrollTop: this.#options.scroller.scrollTop,
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
    const { table } = this.#options;
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
    const { columns, onChoose, onSort } = this.#options;
    const { row, column } = this.#active;
    const page = Math.max(1, Math.floor(this.#height / this.#rowHeight) - 2);
    const extent = { rows: this.#rows.length, columns: columns.length, page };
    const to = event.key === "Escape"
      ? { row: HEADINGS, column }
      : move(this.#active, event, extent);
    const chosen = this.#rows[row];
    if (to !== undefined) this.#activate(this.#skipHidden(to));
    else if (event.key === "Enter" || event.key === " ") {
      const { id, sortBy } = columns[column]!;
      if (chosen !== undefined) {
        onChoose(chosen, id === "action" ? "delete" : "open");
      } else if (sortBy !== undefined) onSort(id);
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
    const { scroller } = this.#options;
    const top = position.row * this.#rowHeight;
    const room = this.#height - this.#headHeight - this.#rowHeight;
    if (position.row !== HEADINGS) {
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top > scroller.scrollTop + room) scroller.scrollTop = top - room;
    }
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
