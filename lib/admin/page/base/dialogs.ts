/**
 * Dialogs that ask the person.
 *
 * @module
 */

import { byId, make, setText } from "./element.ts";
import type { Fact } from "./fact.ts";

/** The content of a dialog. */
export interface DialogContent {
  /** Its title. */
  title: string;
  /** Explains the effect, if necessary. */
  text?: string;
  /** Facts to show. */
  facts?: readonly Fact[];
  /** Label of the button that acts, if any. */
  action?: string;
  /** Label of the other button (default `Cancel`). */
  cancel?: string;
}

/** Answers the open dialog. */
let answer: (isYes: boolean) => void = () => {};

/** Updates the facts of the open dialog. */
let refresh = (): void => {};

/** Asks whether to do something. */
export function ask(question: DialogContent): Promise<boolean> {
  const dialog = byId("question", HTMLDialogElement);
  if (dialog.open) return Promise.resolve(false);
  setText(byId("question-title", HTMLElement), question.title);
  setText(byId("question-text", HTMLElement), question.text ?? "");
  const yes = byId("question-yes", HTMLElement);
  yes.hidden = question.action === undefined;
  setText(yes, question.action ?? "");
  setText(byId("question-no", HTMLElement), question.cancel ?? "Cancel");
  showFacts(question.facts ?? []);
  dialog.showModal();
  // Not the acting button: pressing Enter twice would trigger it.
  byId("question-no", HTMLElement).focus();
  return new Promise((resolve) => {
    answer = (isYes) => {
      answer = refresh = () => {};
      dialog.close();
      resolve(isYes);
    };
  });
}

/** Updates the facts of the open dialog. */
export function refreshQuestion(): void {
  refresh();
}

/** Connects the buttons. */
export function startDialogs(): void {
  const dialog = byId("question", HTMLDialogElement);
  byId("question-yes", HTMLElement)
    .addEventListener("click", () => answer(true));
  byId("question-no", HTMLElement)
    .addEventListener("click", () => answer(false));
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) answer(false);
  });
  // Closed by Esc. The event is late: it may belong to the dialog before.
  dialog.addEventListener("close", () => {
    if (!dialog.open) answer(false);
  });
}

/** Asks for the token of the admin listener until one is given. */
export function askToken(isWrong: boolean): Promise<string> {
  const dialog = byId("token", HTMLDialogElement);
  const field = byId("token-field", HTMLInputElement);
  const problem = byId("token-problem", HTMLElement);
  const done = new AbortController();
  const { signal } = done;
  const open = () => {
    dialog.showModal();
    field.focus();
  };
  setText(problem, isWrong ? "That was not it. Try again." : "");
  open();
  return new Promise((resolve) => {
    // The page cannot continue without it.
    dialog.addEventListener("close", open, { signal });
    byId("token-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const token = field.value.trim();
      if (!isToken(token)) {
        setText(problem, "A token has neither spaces nor special letters.");
        return;
      }
      done.abort();
      field.value = "";
      dialog.close();
      resolve(token);
    }, { signal });
  });
}

/** A token must fit into a header. */
function isToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function showFacts(facts: readonly Fact[]): void {
  const list = byId("question-facts", HTMLElement);
  const values = facts.map(() => make("dd"));
  list.replaceChildren(
    ...facts.flatMap(([name], n) => [make("dt", { text: name }), values[n]!]),
  );
  list.hidden = facts.length === 0;
  refresh = () => {
    for (const [n, [, value]] of facts.entries()) setText(values[n]!, value());
  };
  refresh();
}
