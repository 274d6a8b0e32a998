/**
 * Notices that appear for a while, and that screen readers read aloud.
 *
 * @module
 */

import { describeFailure } from "../../client/api.ts";
import { byId, setText } from "./element.ts";

/** Milliseconds for which it is shown. */
const SHOWN = { news: 5_000, problem: 12_000 } as const;

let timer: ReturnType<typeof setTimeout> | undefined;

/** Shows a notice. */
export function notify(text: string, kind: keyof typeof SHOWN = "news"): void {
  const notice = byId("notice", HTMLElement);
  setText(notice, text);
  notice.dataset["kind"] = kind;
  clearTimeout(timer);
  timer = setTimeout(() => notice.textContent = "", SHOWN[kind]);
}

/** Shows that something has failed, and why. */
export function notifyFailure(what: string, error: unknown): void {
  notify(`${what}: ${describeFailure(error)}`, "problem");
}
