/**
 * The ended tunnels. Older ones are read from the server when they are
 * searched, sorted or scrolled to.
 *
 * @module
 */

import type { ClosedTunnel } from "../../api.ts";
import { byId } from "../base/element.ts";
import { notifyFailure } from "../base/notices.ts";
import type { Api } from "../../client/api.ts";
import type { TunnelActions } from "./actions.ts";
import type { ClosedList } from "../../client/closed_list.ts";
import { closedColumns } from "./columns.ts";
import { ListPanel } from "./list_panel.ts";
import type { Row } from "../../client/row.ts";
import { connectSaving } from "./saving.ts";

/** Number of ended tunnels to request: at first, and for older ones. */
const PAGE = { first: 500, older: 2_000 } as const;

/** Pixels above the end from which scrolling reads older ones. */
const NEAR = 600;

/** The panel. */
export class ClosedPanel {
  readonly #list: ClosedList;
  readonly #api: Api;
  readonly #panel: ListPanel<Row<ClosedTunnel>>;
  #shown = -1;
  #isLoading = false;

  /** Connects the elements. */
  constructor(list: ClosedList, actions: TunnelActions, api: Api) {
    this.#list = list;
    this.#api = api;
    this.#panel = new ListPanel<Row<ClosedTunnel>>({
      name: "closed",
      columns: closedColumns(),
      sortedBy: "ended",
      onChoose: (row) => actions.showClosed(row),
      onSearch: () => this.#loadAll(),
    });
    connectSaving("closed", this.#panel.filter, actions);
    const scroller = byId("closed-scroller", HTMLElement);
    scroller.addEventListener("scroll", () => {
      const { clientHeight, scrollHeight, scrollTop } = scroller;
      if (scrollTop + clientHeight > scrollHeight - NEAR) this.#loadOlder();
    }, { passive: true });
  }

  /** Reads the newest. */
  async restart(): Promise<void> {
    try {
      this.#list.begin(
        await this.#api.call(`GET /api/closed?limit=${PAGE.first}`),
      );
      this.update();
      if (this.#panel.filter.isSet) await this.#loadAll();
    } catch (error) {
      notifyFailure("Cannot read the ended tunnels", error);
    }
  }

  /** Shows the list, if it has changed. */
  update(): void {
    const { kept, rows, version } = this.#list;
    if (version === this.#shown) return;
    this.#shown = version;
    this.#panel.update(rows, Math.max(kept, rows.length));
  }

  /** Shows the tunnels that match a filter. */
  find(filter: string): void {
    this.#panel.find(filter);
  }

  async #loadAll(): Promise<void> {
    while (await this.#loadOlder());
  }

  /** Returns whether the server may have older ones. */
  async #loadOlder(): Promise<boolean> {
    const { next } = this.#list;
    if (next === null || this.#isLoading) return false;
    this.#isLoading = true;
    try {
      const answer = await this.#api.call(
        `GET /api/closed?limit=${PAGE.older}&before=${next}`,
      );
      // The list has restarted meanwhile.
      if (next !== this.#list.next) return false;
      this.#list.addOlder(answer);
      this.update();
      return true;
    } catch (error) {
      notifyFailure("Cannot read older tunnels", error);
      return false;
    } finally {
      this.#isLoading = false;
    }
  }
}
