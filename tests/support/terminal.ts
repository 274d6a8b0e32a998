/**
 * A terminal for typing, run by tmux.
 *
 * @module
 */

import { makeFolder, runOk } from "./programs.ts";
import { cacheEnvironment } from "./sluice_commands.ts";

/** Milliseconds until something must be visible. */
const PATIENCE = 30_000;

/** A program in a terminal. Disposing of it ends both. */
export interface Terminal extends AsyncDisposable {
  /** Types text. */
  type(text: string): Promise<void>;
  /** Types text and Enter. */
  enter(text: string): Promise<void>;
  /** Presses a key, by tmux's name, for example `C-d`. */
  press(key: string): Promise<void>;
  /** Pastes a file, without bracketed paste. */
  paste(path: string): Promise<void>;
  /** Waits until the screen matches; returns its contents. */
  until(pattern: RegExp): Promise<string>;
  /** Changes the size. */
  resize(columns: number, rows: number): Promise<void>;
  /** Returns the value of a format of tmux, such as `#{alternate_on}`. */
  value(format: string): Promise<string>;
  /** Returns the modes of the terminal, as `stty -a` prints them. */
  modes(): Promise<string>;
}

/** Options for {@linkcode startTerminal}. */
export interface TerminalOptions {
  /** Columns (default 200). */
  columns?: number;
  /** Rows (default 50). */
  rows?: number;
  /** Environment in addition to the usual one. */
  env?: Record<string, string>;
}

/**
 * Starts a program in a terminal. When it ends, the terminal shows `code N` on
 * its own line.
 */
export async function startTerminal(
  tmux: string,
  command: string[],
  options: TerminalOptions = {},
): Promise<Terminal> {
  const { columns = 200, rows = 50 } = options;
  const folder = await makeFolder();
  const env = { ...cacheEnvironment(), TERM: "xterm", ...options.env };
  const start = ["-S", `${folder.path}/socket`, "-f", "/dev/null", "-u"];
  const ask = (...args: string[]) => runOk(tmux, [...start, ...args], { env });
  const quoted = command.map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  const line = `${quoted.join(" ")}; printf '\\ncode %s\\n' $?; sleep 600`;
  const size = ["-x", `${columns}`, "-y", `${rows}`];
  await ask("new-session", "-d", ...size, line);
  const value = async (format: string) =>
    (await ask("display-message", "-p", format)).trim();
  return {
    async type(text) {
      await ask("send-keys", "-l", "--", text);
    },
    async enter(text) {
      await ask("send-keys", "-l", text);
      await ask("send-keys", "Enter");
    },
    async press(key) {
      await ask("send-keys", key);
    },
    async paste(path) {
      await ask("load-buffer", path);
      await ask("paste-buffer");
    },
    async until(pattern) {
      const end = performance.now() + PATIENCE;
      while (true) {
        const screen = await ask("capture-pane", "-p", "-S", "-200");
        if (pattern.test(screen)) return screen;
        if (performance.now() > end) {
          throw new Error(`${pattern} is not on the screen:\n${screen}`);
        }
        // A terminal has no event for its contents, so this polls.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async resize(columns, rows) {
      await ask("resize-window", "-x", `${columns}`, "-y", `${rows}`);
    },
    value,
    async modes() {
      return await runOk("stty", ["-a", "-F", await value("#{pane_tty}")]);
    },
    async [Symbol.asyncDispose]() {
      await ask("kill-server");
      await folder[Symbol.asyncDispose]();
    },
  };
}
