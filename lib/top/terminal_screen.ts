/**
 * The screen and the keys of a terminal. However the program ends, it restores
 * the terminal.
 *
 * @module
 */

import { environmentVariable } from "../cli/environment.ts";
import { handleSignals } from "../cli/handle_signals.ts";
import { terminalSize } from "../cli/screen.ts";
import { writeAllSync } from "../net/write_all.ts";
import { type KeyName, KeyParser } from "./keys.ts";

/** Columns and rows. */
export interface Size {
  /** Columns. */
  columns: number;
  /** Rows. */
  rows: number;
}

/** Receives the events of a terminal. */
export interface TerminalListener {
  /** A key was pressed. */
  onKey(key: KeyName): void;
  /** The size has changed, or the program resumed after a stop. */
  onResize(): void;
  /** The terminal is gone. */
  onEnd(): void;
}

/** Assumed size of a terminal that reports none. */
const USUAL: Size = { columns: 80, rows: 24 };

/**
 * Switches to the terminal's alternate screen, without cursor and line wrap,
 * and back (xterm control sequences, private modes).
 */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";

/**
 * Milliseconds after which an Escape counts as the key, not as the start of a
 * sequence.
 */
const ESCAPE = 50;

/**
 * Milliseconds after which the program continues if the system did not stop it.
 */
const RESUME = 100;

/** Most bytes of one read; a paste can be long. */
const READ = 1_024;

/**
 * Returns whether standard input and output are a terminal with a full screen.
 */
export function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal() &&
    environmentVariable("TERM") !== "dumb";
}

/** Whether this program controls the terminal. */
export class TerminalScreen implements Disposable {
  readonly #listener: TerminalListener;
  readonly #listening = new DisposableStack();
  #shown: readonly string[] = [];
  #isOpen = false;
  #isOver = false;
  #resuming: ReturnType<typeof setTimeout> | undefined;

  /** Takes the terminal; disposing of it gives it back. */
  constructor(listener: TerminalListener) {
    this.#listener = listener;
    // Also runs when an internal error ends the program.
    const restore = () => this.#leave();
    addEventListener("unload", restore);
    this.#listening.defer(() => removeEventListener("unload", restore));
    this.#enter();
    if (Deno.build.os !== "windows") {
      this.#listening.use(handleSignals([
        { signal: "SIGWINCH", handler: () => this.redraw() },
        { signal: "SIGCONT", handler: () => this.#resume() },
      ]));
    }
    this.#readKeys();
  }

  /** The current size. */
  get size(): Size {
    return terminalSize() ?? USUAL;
  }

  /**
   * Shows lines; writes only those that differ from the last ones.
   *
   * @param lines At most one for each row. Each is shorter than a row.
   */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    let text = "";
    const count = Math.max(lines.length, this.#shown.length);
    for (let row = 0; row < count; row++) {
      const line = lines[row] ?? "";
      if (line === this.#shown[row]) continue;
      text += `\u001b[${row + 1};1H${line}\u001b[0m\u001b[K`;
    }
    this.#shown = lines;
    write(text);
  }

  /** Stops the program until the shell continues it. */
  stop(): void {
    if (Deno.build.os === "windows") return;
    this.#leave();
    Deno.kill(Deno.pid, "SIGTSTP");
    // The system does not stop a program that no shell could continue (POSIX.1,
    // orphaned process groups).
    this.#resuming = setTimeout(() => this.#resume(), RESUME);
  }

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#resuming);
    this.#listening[Symbol.dispose]();
    this.#leave();
  }

  #enter(): void {
    if (this.#isOpen) return;
    Deno.stdin.setRaw(true);
    this.#isOpen = true;
    write(ENTER);
  }

  #resume(): void {
    clearTimeout(this.#resuming);
    this.#enter();
    this.redraw();
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    try {
      write(LEAVE);
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone.
    }
  }

  /** Draws everything again. */
  redraw(): void {
    this.#shown = [];
    write("\u001b[2J");
    this.#listener.onResize();
  }

  async #readKeys(): Promise<void> {
    const parser = new KeyParser();
    const buffer = new Uint8Array(READ);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (keys: readonly KeyName[]) => {
      for (const key of keys) {
        if (!this.#isOver) this.#listener.onKey(key);
      }
    };
    try {
      for (let count; (count = await Deno.stdin.read(buffer)) !== null;) {
        clearTimeout(timer);
        tell(parser.push(buffer.subarray(0, count)));
        if (parser.isOpen) {
          timer = setTimeout(() => tell(parser.flush()), ESCAPE);
        }
      }
    } catch {
      // Reading fails when the terminal is gone.
    }
    if (!this.#isOver) this.#listener.onEnd();
  }
}

function write(text: string): void {
  writeAllSync(Deno.stdout, new TextEncoder().encode(text));
}
