/**
 * The open tunnels, one by one or in groups, and the actions on all that match
 * the filter.
 *
 * @module
 */

import type { Dimension } from "../../client/dimensions.ts";
import { formatTerm } from "../../filter.ts";
import { byId, setText } from "../base/element.ts";
import { formatCount } from "../../client/format.ts";
import type { TunnelActions } from "./actions.ts";
import { openColumns } from "./columns.ts";
import { GroupPanel } from "./group_panel.ts";
import type { Group } from "./groups.ts";
import { ListPanel } from "./list_panel.ts";
import type { Row } from "../../client/row.ts";
import { connectSaving } from "./saving.ts";
import type { SparkColors } from "./sparkline.ts";
import type { TunnelList } from "../../client/tunnel_list.ts";

/** Most tunnels in the server's first event. */
const MOST_TOLD = 20_000;

/** The panel. */
export class OpenPanel {
  readonly #list: TunnelList;
  readonly #actions: TunnelActions;
  readonly #panel: ListPanel<Row>;
  readonly #groups: GroupPanel;
  readonly #killAll = byId("tunnels-kill", HTMLButtonElement);

  /**
   * Connects the elements.
   *
   * @param colors Returns the current colours of the drawings.
   */
  constructor(
    list: TunnelList,
    actions: TunnelActions,
    colors: () => SparkColors,
  ) {
    this.#list = list;
    this.#actions = actions;
    this.#groups = new GroupPanel(
      (...chosen) => this.#choose(...chosen),
      () => this.#showGroups(),
    );
    this.#panel = new ListPanel<Row>({
      name: "tunnels",
      columns: openColumns(list, colors),
      sortedBy: "age",
      onChoose: (row, how) =>
        how === "delete" ? actions.kill(row) : actions.show(row),
      onEnter: () => this.#groups.enter(),
      onMatch: () => this.#showMatch(),
    });
    const { filter } = this.#panel;
    this.#killAll.addEventListener(
      "click",
      () => actions.killAll(filter.text),
    );
    connectSaving("tunnels", filter, actions);
  }

  /**
   * Shows the tunnels of the list.
   *
   * @param open Number of open tunnels.
   */
  update(open: number): void {
    const rows = [...this.#list.open.values()];
    this.#panel.update(rows, rows.length < MOST_TOLD ? undefined : open);
  }

  /** Draws the rows again. */
  refresh(): void {
    this.#panel.refresh();
  }

  /** Shows the tunnels that match a filter. */
  find(filter: string): void {
    this.#groups.leave();
    this.#panel.find(filter);
  }

  #choose(field: Dimension, { name }: Group, how: "open" | "delete"): void {
    const term = formatTerm(field, name);
    const filter = `${this.#panel.filter.text} ${term}`.trim();
    if (how === "delete") this.#actions.killAll(filter);
    else this.find(filter);
  }

  #showMatch(): void {
    const { isSet, isValid } = this.#panel.filter;
    const isKilling = isSet && isValid;
    if (!isKilling && !this.#groups.isOn) {
      this.#killAll.hidden = true;
      return;
    }
    const { matching } = this.#panel;
    this.#groups.update(() => matching, this.#list.tick);
    const count = isKilling ? matching.length : 0;
    this.#killAll.hidden = count === 0;
    setText(this.#killAll, `Kill all ${formatCount(count)}…`);
  }

  #showGroups(): void {
    this.#groups.update(() => this.#panel.matching, this.#list.tick);
  }
}
