/**
 * Shows whether the page is connected to the server.
 *
 * @module
 */

import { byId, setAttribute, setText } from "../base/element.ts";
import { formatClock } from "../../client/format.ts";
import type { StreamState } from "../../client/live.ts";
import { notify } from "../base/notices.ts";

let timer: ReturnType<typeof setInterval> | undefined;
let wasLost = false;
/** Why the connection was lost. */
let what = "";
/** When the server last sent something. */
let heardAt = 0;

/** Shows the state of the event stream. */
export function showConnection(state: StreamState): void {
  clearInterval(timer);
  const { documentElement } = document;
  // The first attempt is announced; later ones only count down.
  if (state.is !== "connecting") {
    setAttribute(documentElement, "data-live", state.is);
  }
  if (state.is === "live") {
    say("live", "Live");
    if (wasLost) notify("Connected again");
    wasLost = false;
  } else if (state.is === "connecting") {
    say(
      wasLost ? "lost" : "connecting",
      wasLost ? `Reconnecting…${since()}` : "Connecting…",
    );
  } else {
    const { hasEnded, retryAt, why } = state;
    if (hasEnded) notify("Sluice has ended");
    else if (!wasLost) notify(`Connection lost: ${why}`, "problem");
    if (!wasLost) {
      what = hasEnded ? "Sluice has ended" : "Connection lost";
      document.title = [what, ...document.title.split(" · ").slice(1)]
        .join(" · ");
    }
    wasLost = true;
    const count = () => {
      const left = Math.max(0, Math.ceil((retryAt - Date.now()) / 1000));
      say("lost", `${what}${since()}, next try in ${left}s`);
    };
    count();
    timer = setInterval(count, 1_000);
  }
}

/** Records that the server has sent something. */
export function noteHeard(): void {
  heardAt = Date.now();
}

/** The time of the displayed data. */
function since(): string {
  return heardAt === 0 ? "" : ` (as of ${formatClock(heardAt)})`;
}

function say(state: string, text: string): void {
  setAttribute(byId("connection", HTMLElement), "data-state", state);
  setText(byId("connection-text", HTMLElement), text);
}
