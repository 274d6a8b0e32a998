/**
 * The button that reloads the server's files, and shows the result.
 *
 * @module
 */

import type { ReloadAnswer } from "../../api.ts";
import { type Api, describeFailure } from "../../client/api.ts";
import { ask } from "../base/dialogs.ts";
import { byId, setAttribute } from "../base/element.ts";
import { notify } from "../base/notices.ts";

/** Connects the button. */
export function startReload(api: Api): void {
  const button = byId("reload", HTMLButtonElement);
  let isBusy = false;
  button.addEventListener("click", async () => {
    // The button is not disabled meanwhile, because that would remove the
    // focus.
    if (isBusy) return;
    isBusy = true;
    setAttribute(button, "aria-busy", "true");
    try {
      notify(describe(await api.call("POST /api/reload")));
    } catch (error) {
      tellFailure(describeFailure(error));
    } finally {
      isBusy = false;
      setAttribute(button, "aria-busy", "false");
    }
  });
}

function describe({ reloaded }: ReloadAnswer): string {
  return reloaded.length === 0
    ? "There is no file to reload"
    : `Reloaded: ${reloaded.join(", ")}`;
}

/** A dialog, because the text may be long and must stay until it is read. */
function tellFailure(why: string): void {
  const what = "Cannot reload";
  // Another dialog may have been opened meanwhile.
  const isFree = document.querySelector("dialog[open]") === null;
  if (isFree) ask({ title: what, text: why, cancel: "Close" });
  else notify(`${what}: ${why}`, "problem");
}
