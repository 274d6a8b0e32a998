/**
 * The terminal that standard output goes to, if it does.
 *
 * @module
 */

import { environmentVariable } from "./environment.ts";
import { isGranted } from "../net/system/is_granted.ts";
import { writeAllSync } from "../net/write_all.ts";

/** What text is written on. */
export interface Screen {
  /** Columns to fill at most. */
  width: number;
  /** Whether it shows bold and coloured text. */
  isStyled: boolean;
}

/** A file or a pipe. */
export const PLAIN_SCREEN: Screen = { width: 79, isStyled: false };

/** Longer lines are hard to read, however wide the terminal is. */
const MOST_WIDTH = 100;

const LEAST_WIDTH = 40;

/** Shows a text page by page; keeps styles, and ends where the text is short. */
const PAGER = ["less", "-R"] as const;

/**
 * Looks at the terminal.
 *
 * @returns What standard output goes to; a terminal's last column stays empty.
 */
export function currentScreen(): Screen {
  const size = terminalSize();
  if (size === undefined) return PLAIN_SCREEN;
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, size.columns - 1));
  return { width, isStyled: !Deno.noColor };
}

/**
 * Prints lines; through a pager, where they are more than the terminal shows
 * and there is one: `less`, or what the variable PAGER names.
 *
 * @param lines Lines without their ends, free of what could drive a terminal.
 */
export async function showLines(lines: readonly string[]): Promise<void> {
  const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
  const size = terminalSize();
  if (size === undefined || lines.length < size.rows || !await page(bytes)) {
    writeAllSync(Deno.stdout, bytes);
  }
}

function terminalSize(): { columns: number; rows: number } | undefined {
  if (!Deno.stdout.isTerminal()) return undefined;
  try {
    return Deno.consoleSize();
  } catch {
    return undefined; // A terminal that does not know its size.
  }
}

/** Tells whether a pager has shown the text. */
async function page(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const [program = "", ...args] = pagerWords();
  if (program === "" || !isGranted({ name: "run", command: program })) {
    return false;
  }
  try {
    const child = new Deno.Command(program, { args, stdin: "piped" }).spawn();
    // A pager that is left early has not read everything.
    await new Blob([bytes]).stream().pipeTo(child.stdin).catch(() => {});
    await child.status;
    return true;
  } catch {
    return false; // It is not installed.
  }
}

function pagerWords(): readonly string[] {
  return environmentVariable("PAGER")?.split(" ") ?? PAGER;
}
