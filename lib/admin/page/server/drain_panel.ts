/**
 * The drain: its button, and the connections that remain.
 *
 * @module
 */

import type { Drain } from "../../api.ts";
import type { Api } from "../../client/api.ts";
import { ask } from "../base/dialogs.ts";
import { byId, setText } from "../base/element.ts";
import {
  formatCount,
  formatCountdown,
  formatNumberOf,
} from "../../client/format.ts";
import { notify, notifyFailure } from "../base/notices.ts";

/** Shows a drain. */
export class DrainPanel {
  readonly #api: Api;
  #drain: Drain | false = false;
  #most = 0;

  /** Connects the button. */
  constructor(api: Api, open: () => number) {
    this.#api = api;
    byId("drain", HTMLButtonElement)
      .addEventListener("click", () => this.#start(open()));
  }

  /** Whether a drain is under way. */
  get isUnderWay(): boolean {
    return this.#drain !== false;
  }

  /**
   * Shows the server's state.
   *
   * @param now Milliseconds since 1970 by the server's clock.
   */
  update(drain: Drain | false, now: number): void {
    if (drain !== false && this.#drain === false) {
      this.#most = drain.open;
      notify(`Draining: ${formatNumberOf(drain.open, "connection")} open`);
    }
    this.#drain = drain;
    byId("draining", HTMLElement).hidden = drain === false;
    byId("drain", HTMLButtonElement).disabled = drain !== false;
    if (drain === false) return;
    this.#most = Math.max(this.#most, drain.open);
    const gauge = byId("draining-gauge", HTMLProgressElement);
    gauge.max = Math.max(1, this.#most);
    gauge.value = this.#most - drain.open;
    setText(byId("draining-open", HTMLElement), formatCount(drain.open));
    setText(
      byId("draining-left", HTMLElement),
      drain.until === null
        ? "no time limit"
        : `cut in ${formatCountdown(Date.parse(drain.until) - now)}`,
    );
  }

  async #start(open: number): Promise<void> {
    const isMeant = await ask({
      title: `Drain and shut down${this.#api.where}?`,
      text: "Sluice takes no more connections. " +
        `${formatNumberOf(open, "connection")} may finish until the ` +
        "drain deadline; then Sluice cuts the rest and exits.  " +
        "You cannot undo this.",
      action: "Drain",
    });
    if (!isMeant) return;
    try {
      await this.#api.call("POST /api/drain");
    } catch (error) {
      notifyFailure("Cannot drain", error);
    }
  }
}
