/**
 * The terminal behind standard output, if it is one.
 *
 * @module
 */

import { environmentVariable } from "./environment.ts";
import { isGranted } from "../net/system/is_granted.ts";
import { printText } from "./print_lines.ts";

/** The place where text appears. */
export interface Screen {
  /** Most columns to use. */
  width: number;
  /** Whether it supports bold and coloured text. */
  isStyled: boolean;
}

/** A file or a pipe. */
export const PLAIN_SCREEN: Screen = { width: 79, isStyled: false };

/** Wider lines are hard to read, however wide the terminal is. */
const MOST_WIDTH = 100;

const LEAST_WIDTH = 40;

/** Shows a text page by page, and keeps its styles. */
const PAGER = ["less", "-R"] as const;

/**
 * Returns the properties of standard output. A terminal's last column stays
 * empty.
 */
export function currentScreen(): Screen {
  const size = terminalSize();
  if (size === undefined) return PLAIN_SCREEN;
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, size.columns - 1));
  return { width, isStyled: !Deno.noColor };
}

/**
 * Prints lines. If they do not fit on the terminal, it uses a pager if
 * possible: `less`, or the program in the variable PAGER.
 *
 * @param lines Lines without line ends, and without control characters that are
 *   not Sluice's.
 */
export async function showLines(lines: readonly string[]): Promise<void> {
  const text = `${lines.join("\n")}\n`;
  const size = terminalSize();
  if (size === undefined || lines.length < size.rows || !await page(text)) {
    printText(text);
  }
}

/** Returns the size of the terminal; `undefined` for a file or a pipe. */
export function terminalSize(): { columns: number; rows: number } | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  try {
    return Deno.consoleSize();
  } catch {
    return undefined; // The terminal does not know its size.
  }
}

/** Returns whether a pager showed the text. */
async function page(text: string): Promise<boolean> {
  const words = environmentVariable("PAGER")?.split(" ") ?? PAGER;
  const [program = "", ...args] = words;
  if (program === "" || !isGranted({ name: "run", command: program })) {
    return false;
  }
  try {
    const child = new Deno.Command(program, { args, stdin: "piped" }).spawn();
    // A pager that the user quits early does not read everything.
    await new Blob([text]).stream().pipeTo(child.stdin).catch(() => {});
    await child.status;
    return true;
  } catch {
    return false; // The pager is not installed.
  }
}
