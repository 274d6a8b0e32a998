/**
 * Light or dark: as the system has it, or as the person chooses.
 *
 * @module
 */

import { byId, setAttribute, setText } from "./element.ts";

/** Where the choice is kept. */
const KEY = "sluice-theme";

const CHOICES = ["system", "light", "dark"] as const;

type Choice = typeof CHOICES[number];

/** What the button shows of a choice. */
const LABELS: Readonly<Record<Choice, string>> = {
  system: "Auto",
  light: "Light",
  dark: "Dark",
};

/** Colours of drawings, which do not follow the style sheet by themselves. */
export interface Palette {
  /** Of bytes to targets. */
  up: string;
  /** Of bytes to clients. */
  down: string;
  /** Of the area below those. */
  downArea: string;
  /** Of connections that are open. */
  open: string;
  /** Of the area below those. */
  openArea: string;
  /** Of new connections. */
  opened: string;
  /** Of writing. */
  ink: string;
  /** Of lines behind the drawing. */
  line: string;
}

/**
 * Makes the button work.
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

/** Reads the colours that the style sheet gives to an element for each. */
function readPalette(): Palette {
  const colors = byId("palette", HTMLElement);
  const color = (name: keyof Palette) =>
    getComputedStyle(colors.querySelector(`[data-color="${name}"]`)!).color;
  return {
    up: color("up"),
    down: color("down"),
    downArea: color("downArea"),
    open: color("open"),
    openArea: color("openArea"),
    opened: color("opened"),
    ink: color("ink"),
    line: color("line"),
  };
}
