/**
 * Dialogs that ask the person a question.
 *
 * @module
 */

import { byId, make, setText } from "./element.ts";
import type { Fact } from "../../client/tunnel_facts.ts";

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
  /** Tells whether the action is still possible (default: always). */
  isPossible?: () => boolean;
  /** Label of the other button (default `Cancel`). */
  cancel?: string;
}

/** A dialog with further buttons. */
export interface ChoiceContent<Name extends string> extends DialogContent {
  /** Labels of the further buttons, by choice. */
  choices: Partial<Record<Name, string>>;
}

/** Answers the open dialog. */
let answer: (choice: string | undefined) => void = () => {};

/** Updates the facts of the open dialog. */
let refresh = (): void => {};

/** Asks for confirmation. */
export async function ask(question: DialogContent): Promise<boolean> {
  return await choose({ ...question, choices: {} }) === "yes";
}

/**
 * Asks the person to choose an action.
 *
 * @returns The choice; `yes` for the action; `undefined` if the person cancels
 *   or another dialog is open.
 */
export function choose<Name extends string>(
  question: ChoiceContent<Name>,
): Promise<Name | "yes" | undefined> {
  const dialog = byId("question", HTMLDialogElement);
  if (dialog.open) return Promise.resolve(undefined);
  setText(byId("question-title", HTMLElement), question.title);
  setText(byId("question-text", HTMLElement), question.text ?? "");
  setText(byId("question-yes", HTMLElement), question.action ?? "");
  setText(byId("question-no", HTMLElement), question.cancel ?? "Cancel");
  showChoices(question.choices);
  showFacts(question);
  dialog.showModal();
  // The focus is not on the acting button, because pressing Enter twice would
  // trigger it.
  byId("question-no", HTMLElement).focus();
  return new Promise((resolve) => {
    answer = (choice) => {
      answer = refresh = () => {};
      dialog.close();
      resolve(choice as Name | "yes" | undefined);
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
    .addEventListener("click", () => answer("yes"));
  byId("question-no", HTMLElement)
    .addEventListener("click", () => answer(undefined));
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog) answer(undefined);
  });
  // Closed by Esc. The event comes late, so it may belong to the previous
  // dialog.
  dialog.addEventListener("close", () => {
    if (!dialog.open) answer(undefined);
  });
}

/** Asks for the token of the admin listener until the person enters one. */
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
  setText(problem, isWrong ? "This token is wrong. Try again." : "");
  open();
  return new Promise((resolve) => {
    // The page needs a token, so the dialog opens again.
    dialog.addEventListener("close", open, { signal });
    byId("token-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const token = field.value.trim();
      if (!isToken(token)) {
        setText(
          problem,
          "A token contains only ASCII characters, without spaces.",
        );
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

function showChoices(choices: Partial<Record<string, string>>): void {
  const buttons = Object.entries(choices).map(([name, label = ""]) => {
    const button = make("button", {
      text: label,
      attributes: { type: "button", "data-choice": name },
    });
    button.addEventListener("click", () => answer(name));
    return button;
  });
  byId("question-choices", HTMLElement).replaceChildren(...buttons);
}

function showFacts(
  { facts = [], action, isPossible = () => true }: DialogContent,
): void {
  const list = byId("question-facts", HTMLElement);
  const values = facts.map(() => make("dd"));
  list.replaceChildren(
    ...facts.flatMap(([name], n) => [make("dt", { text: name }), values[n]!]),
  );
  list.hidden = facts.length === 0;
  refresh = () => {
    for (const [n, [, value]] of facts.entries()) setText(values[n]!, value());
    byId("question-yes", HTMLElement).hidden = action === undefined ||
      !isPossible();
  };
  refresh();
}
