/**
 * The button that makes the server read its files again, and what it says to
 * that.
 *
 * @module
 */

import type { ReloadAnswer } from "../api.ts";
import { type Api, describeFailure } from "./api.ts";
import { ask } from "./dialogs.ts";
import { byId, setAttribute } from "./element.ts";
import { notify } from "./notices.ts";

/** Makes the button work. */
export function startReload(api: Api): void {
  const button = byId("reload", HTMLButtonElement);
  let isBusy = false;
  button.addEventListener("click", async () => {
    // Not disabled meanwhile: that would take the focus away.
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

/** It may be long, and stays until it is read. */
function tellFailure(why: string): void {
  const what = "Cannot reload";
  // Somebody may have opened another meanwhile.
  const isFree = document.querySelector("dialog[open]") === null;
  if (isFree) ask({ title: what, text: why, cancel: "Close" });
  else notify(`${what}: ${why}`, "problem");
}
