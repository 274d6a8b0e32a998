/**
 * Questions to the person, each in a window of its own.
 *
 * @module
 */

import { byId, make, setText } from "./element.ts";

/** A line of what a question is about: a name, and what is so now. */
export type Fact = readonly [name: string, value: () => string];

/** A question. */
export interface DialogContent {
  /** What it is. */
  title: string;
  /** What the answer leads to, where that has to be said. */
  text?: string;
  /** What it is about. */
  facts?: readonly Fact[];
  /** What the button says that does it, where there is something to do. */
  action?: string;
  /** What the other one says (default: `Cancel`). */
  cancel?: string;
}

/** Answers the question that is asked. */
let answer: (isYes: boolean) => void = () => {};

/** Brings what it is about up to date. */
let refresh = (): void => {};

/** Asks whether something shall be done. */
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
  // Not the button that does it: Enter twice would have done it.
  byId("question-no", HTMLElement).focus();
  return new Promise((resolve) => {
    answer = (isYes) => {
      answer = refresh = () => {};
      dialog.close();
      resolve(isYes);
    };
  });
}

/** Brings what a question is about up to date. */
export function refreshQuestion(): void {
  refresh();
}

/** Makes the buttons work. */
export function startDialogs(): void {
  const dialog = byId("question", HTMLDialogElement);
  byId("question-yes", HTMLElement)
    .addEventListener("click", () => answer(true));
  byId("question-no", HTMLElement)
    .addEventListener("click", () => answer(false));
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) answer(false);
  });
  // By Esc. The event comes late: it may be that of the question before.
  dialog.addEventListener("close", () => {
    if (!dialog.open) answer(false);
  });
}

/** Asks for the token of the admin listener until there is one. */
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
    // Nothing goes on without it.
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

/** What a header cannot carry is none. */
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
