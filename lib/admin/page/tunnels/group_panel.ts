/**
 * The groups of open tunnels, shown instead of their table.
 *
 * @module
 */

import type { Dimension } from "../../client/dimensions.ts";
import { byId, setAttribute, textOf } from "../base/element.ts";
import { formatCount, formatNumberOf } from "../../client/format.ts";
import { formatBytes } from "../../../observe/format_bytes.ts";
import { figureColumn, killColumn } from "../grid/column_kinds.ts";
import type { GridColumn } from "../grid/drawn_row.ts";
import { Grid } from "../grid/grid.ts";
import { rateLines } from "./columns.ts";
import { type Group, Grouping } from "./groups.ts";
import type { Row } from "../../client/row.ts";

/** Name of the group for tunnels without a value. */
const NONE: Readonly<Record<Dimension, string>> = {
  user: "(no user)",
  client: "(no client)",
  target: "(no target)",
  rule: "(no rule)",
};

/** Called when a group is chosen. */
export type OnGroup = (
  field: Dimension,
  group: Group,
  how: "open" | "delete",
) => void;

/** Groups of open tunnels. */
export class GroupPanel {
  readonly #select: HTMLSelectElement;
  readonly #grid: Grid<Group>;
  #grouping: Grouping | undefined;
  #groups: readonly Group[] = [];

  /**
   * Connects the elements.
   *
   * @param onGroup Called when a group is chosen.
   * @param onChange Called when the person groups the tunnels in another way.
   */
  constructor(onGroup: OnGroup, onChange: () => void) {
    this.#select = byId("tunnels-group", HTMLSelectElement);
    this.#grid = new Grid<Group>({
      name: "groups",
      columns: columnsFor(() => this.#grouping?.field ?? "user"),
      sortedBy: "rate",
      onChoose: (group, how) => onGroup(this.#grouping!.field, group, how),
      onOrder: () => this.#groups = this.#grid.show(this.#groups),
    });
    this.#select.addEventListener("change", () => {
      this.#choose();
      onChange();
    });
    this.#choose();
  }

  /** Shows single tunnels again. */
  leave(): void {
    this.#select.value = "";
    this.#choose();
  }

  /** Whether groups are shown. */
  get isOn(): boolean {
    return this.#grouping !== undefined;
  }

  /** Moves the focus to the first group, if groups are shown. */
  enter(): boolean {
    if (this.isOn) this.#grid.enter();
    return this.isOn;
  }

  /**
   * Shows the groups of these tunnels, if groups are shown. While the pointer
   * is on a group, all groups stay in place.
   */
  update(rows: () => Iterable<Row>, tick: number): void {
    if (this.#grouping === undefined) return;
    const groups = this.#grouping.group(rows(), tick);
    if (this.#grid.isHeld && this.#groups.length > 0) this.#grid.refresh();
    else this.#groups = this.#grid.show(groups);
  }

  #choose(): void {
    const field = this.#select.value as Dimension | "";
    this.#grouping = field === "" ? undefined : new Grouping(field);
    byId("tunnels", HTMLElement).classList.toggle("grouped", this.isOn);
    this.#groups = [];
    this.#grid.show([]);
  }
}

function columnsFor(field: () => Dimension): GridColumn<Group>[] {
  return [
    {
      id: "group",
      label: "Group",
      sortBy: ({ sortKey }) => sortKey,
      create(cell) {
        const show = textOf(cell);
        return ({ name }) => {
          show(name || NONE[field()]);
          setAttribute(cell, "title", name);
        };
      },
    },
    figureColumn("count", "Tunnels", ({ count }) => count, formatCount),
    figureColumn("sent", "Up", ({ sent }) => sent, formatBytes),
    figureColumn("received", "Down", ({ received }) => received, formatBytes),
    {
      id: "rate",
      label: "Rate",
      firstDirection: -1,
      sortBy: ({ down, up }) => down + up,
      create(cell) {
        const [rates, show] = rateLines();
        cell.append(rates);
        return ({ down, up }) => show(down, up);
      },
    },
    killColumn(
      "Kill…",
      ({ count, isGone, name }) =>
        isGone
          ? undefined
          : `Kill ${formatNumberOf(count, "tunnel")} of ${
            name || NONE[field()]
          }`,
    ),
  ];
}
