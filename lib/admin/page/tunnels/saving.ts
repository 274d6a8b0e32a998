/**
 * The buttons that save the filtered list as a file.
 *
 * @module
 */

import { byId } from "../base/element.ts";
import { notify } from "../base/notices.ts";
import type { TunnelActions } from "./actions.ts";
import type { ListFilter } from "./list_filter.ts";

/** Connects the buttons of a list. */
export function connectSaving(
  list: "tunnels" | "closed",
  filter: ListFilter,
  actions: TunnelActions,
): void {
  for (const format of ["csv", "json"] as const) {
    byId(`${list}-${format}`, HTMLButtonElement)
      .addEventListener("click", () => {
        if (filter.isValid) actions.save(list, format, filter.text);
        else notify("Correct the filter first", "problem");
      });
  }
}
