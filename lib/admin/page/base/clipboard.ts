/**
 * Copies text for the person.
 *
 * @module
 */

import { ask } from "./dialogs.ts";
import { notify } from "./notices.ts";

/**
 * Copies text. A browser allows that on `localhost` and over TLS only;
 * elsewhere a dialog shows the text to select.
 *
 * @param what Name of the text, for example `the rule`.
 */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notify(`Copied ${what}: ${text}`);
  } catch {
    await ask({ title: `Copy ${what}`, text, cancel: "Close" });
  }
}
