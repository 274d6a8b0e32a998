/**
 * The theme: light or dark, by the system or by choice.
 *
 * @module
 */

import { byId, setAttribute, setText } from "./element.ts";

/** Key of the choice in the local storage. */
const KEY = "sluice-theme";

const CHOICES = ["system", "light", "dark"] as const;

type Choice = typeof CHOICES[number];

/** Labels of the button. */
const LABELS: Readonly<Record<Choice, string>> = {
  system: "Auto",
  light: "Light",
  dark: "Dark",
};

/** Colours of drawings, which do not follow the style sheet automatically. */
export interface Palette {
  /** Colour of bytes to targets. */
  up: string;
  /** Colour of bytes to clients. */
  down: string;
  /** Colour of the area below them. */
  downArea: string;
  /** Colour of failures. */
  wrong: string;
  /** Colour of text. */
  ink: string;
  /** Colour of grid lines. */
  line: string;
}

/**
 * Connects the button.
 *
 * @param onChange Called with the colours: now, and at each change.
 */
export function startTheme(onChange: (palette: Palette) => void): void {
  const button = byId("theme", HTMLButtonElement);
  let choice = readChoice();
  const apply = () => {
    setAttribute(document.documentElement, "data-theme", choice);
    const name = `Theme: ${LABELS[choice]}`;
    setAttribute(button, "aria-label", name);
    setAttribute(button, "title", name);
    setText(byId("theme-name", HTMLElement), LABELS[choice]);
    onChange(readPalette());
  };
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length]!;
    localStorage.setItem(KEY, choice);
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", apply);
  apply();
}

function readChoice(): Choice {
  const kept = localStorage.getItem(KEY);
  return CHOICES.find((choice) => choice === kept) ?? "system";
}

/** Reads the colours from the style sheet. */
function readPalette(): Palette {
  const colors = byId("palette", HTMLElement);
  const color = (name: keyof Palette) =>
    getComputedStyle(colors.querySelector(`[data-color="${name}"]`)!).color;
  return {
    up: color("up"),
    down: color("down"),
    downArea: color("downArea"),
    wrong: color("wrong"),
    ink: color("ink"),
    line: color("line"),
  };
}
