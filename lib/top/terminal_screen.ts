/**
 * The whole screen and the keys of a terminal. Whatever ends the program, the
 * terminal is afterwards as it was.
 *
 * @module
 */

import { environmentVariable } from "../cli/environment.ts";
import { writeAllSync } from "../net/write_all.ts";
import { type KeyName, KeyParser } from "./keys.ts";

/** Columns and rows. */
export interface Size {
  /** Columns. */
  columns: number;
  /** Rows. */
  rows: number;
}

/** Receives what happens at a terminal. */
export interface TerminalListener {
  /** Takes a key. */
  onKey(key: KeyName): void;
  /** The size has changed, or the program runs again after a stop. */
  onResize(): void;
  /** The terminal is gone. */
  onEnd(): void;
}

/** Size of a terminal that does not know it. */
const USUAL: Size = { columns: 80, rows: 24 };

/**
 * The second screen of the terminal, without a cursor and without line wrap
 * (xterm control sequences, private modes), and the way back.
 */
const ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
const LEAVE = "\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";

/** Milliseconds after which an Escape was the key, and no sequence. */
const ESCAPE = 50;

/** Milliseconds after which a program that was not stopped goes on. */
const RESUME = 100;

/** Bytes of one read; a paste has many. */
const READ = 1_024;

/** Tells whether there is a terminal that can show a whole screen. */
export function hasTerminal(): boolean {
  return Deno.stdin.isTerminal() && Deno.stdout.isTerminal() &&
    environmentVariable("TERM") !== "dumb";
}

/** Whether the terminal is in the hands of this program. */
export class TerminalScreen implements Disposable {
  readonly #listener: TerminalListener;
  readonly #undo: (() => void)[] = [];
  #shown: readonly string[] = [];
  #isOpen = false;
  #isOver = false;
  #resuming: ReturnType<typeof setTimeout> | undefined;

  /** Takes the terminal; disposing of it gives it back. */
  constructor(listener: TerminalListener) {
    this.#listener = listener;
    // Also runs when a mistake ends the program.
    const restore = () => this.#leave();
    addEventListener("unload", restore);
    this.#undo.push(() => removeEventListener("unload", restore));
    this.#enter();
    if (Deno.build.os !== "windows") {
      this.#on("SIGWINCH", () => this.redraw());
      this.#on("SIGCONT", () => this.#resume());
    }
    this.#readKeys();
  }

  /** The current size. */
  get size(): Size {
    try {
      return Deno.consoleSize();
    } catch {
      return USUAL;
    }
  }

  /**
   * Shows lines; only those that differ are written.
   *
   * @param lines Not more than there are rows. Each is shorter than a row.
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
    // The system stops no program that nobody could continue (POSIX.1, orphaned
    // process groups).
    this.#resuming = setTimeout(() => this.#resume(), RESUME);
  }

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#resuming);
    for (const undo of this.#undo) undo();
    this.#leave();
  }

  #on(signal: Deno.Signal, act: () => void): void {
    Deno.addSignalListener(signal, act);
    this.#undo.push(() => Deno.removeSignalListener(signal, act));
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
