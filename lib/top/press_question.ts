/**
 * The keys of a question on the last line.
 *
 * @module
 */

import { filterFault } from "./filter_fault.ts";
import { DRAW, type KeyResult, LOOK } from "./key_result.ts";
import type { KeyName } from "./keys.ts";
import type { Prompt, View } from "./view.ts";

/** Most characters of a filter. */
const LONGEST = 500;

/** Keys that edit the typed text. */
const EDITS: Readonly<Record<KeyName, (text: string) => string>> = {
  "backspace": (text) => [...text].slice(0, -1).join(""),
  "ctrl-w": (text) => text.replace(/\S*\s*$/, ""),
  "ctrl-u": () => "",
};

/**
 * Applies a key to the question.
 *
 * @param view The view, with an open question; the key changes it.
 */
export function pressInQuestion(view: View, key: KeyName): KeyResult {
  const question = view.question!;
  return question.is === "change"
    ? pressInChange(view, key, question)
    : pressInFilter(view, key, question);
}

function pressInChange(
  view: View,
  key: KeyName,
  { call }: Prompt & { is: "change" },
): KeyResult {
  if (key === "y" || key === "Y") {
    view.question = undefined;
    return { is: "change", call };
  }
  if (key === "n" || key === "N" || key === "escape") {
    view.question = undefined;
    view.notice = "Nothing was changed";
  }
  return DRAW;
}

function pressInFilter(
  view: View,
  key: KeyName,
  question: Prompt & { is: "filter" },
): KeyResult {
  if (key === "enter") {
    const fault = filterFault(question.text);
    if (fault !== undefined) {
      view.notice = fault;
      return DRAW;
    }
    view.question = undefined;
    view.filter = question.text.trim();
    return LOOK;
  }
  if (key === "escape") {
    view.question = undefined;
    view.filter = question.before;
    return LOOK;
  }
  const text = edit(question.text, key);
  if (text === question.text) return DRAW;
  view.question = { ...question, text };
  // The table follows the typed text as long as it is a valid filter.
  if (filterFault(text) !== undefined) return DRAW;
  view.filter = text.trim();
  view.tunnels.reset();
  return LOOK;
}

function edit(text: string, key: KeyName): string {
  if (Object.hasOwn(EDITS, key)) return EDITS[key]!(text);
  const isCharacter = [...key].length === 1;
  return isCharacter ? (text + key).slice(0, LONGEST) : text;
}
