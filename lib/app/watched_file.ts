/**
 * A file that is read again when it changes, while what depends on it runs.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { explainFile, readText } from "./read_file.ts";
import { StartError } from "./usage_error.ts";

/** Group and others. */
const READABLE_BY_OTHERS = 0o044;

/**
 * Options for {@linkcode WatchedFile.open}.
 *
 * @typeParam T What the file holds.
 */
export interface WatchedFileOptions<T> {
  /** What it is, for messages: `users file`. */
  what: string;
  /**
   * Makes the value out of the text.
   *
   * @throws {SyntaxError} If it is malformed, saying where and what was expected.
   */
  parse: (text: string) => T;
  /** Says what a value is, for the message of a reload: `12 users`. */
  describe: (value: T) => string;
  /** Whether to warn where others than the owner can read it. */
  isSecret?: boolean;
  /** Takes what there is to say. */
  log: (event: LogEvent) => void;
}

/**
 * A file whose content is in force until it has other content that is as good:
 * a broken or missing file changes nothing.
 *
 * @typeParam T What the file holds.
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #options: WatchedFileOptions<T>;
  #value: T;
  #apply: (value: T) => void | Promise<void> = () => {};
  /** What the file was when it was last read, with or without success. */
  #read: string;
  /** What it was at the last look. */
  #seen: string;
  #mode: number | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** The reload that has not begun. */
  #waiting: Promise<string | undefined> | undefined;

  private constructor(
    path: string,
    options: WatchedFileOptions<T>,
    { value, state, mode }: Content<T>,
  ) {
    this.#path = path;
    this.#options = options;
    this.#value = value;
    this.#read = this.#seen = state;
    this.#warnOfReaders(mode);
  }

  /**
   * Reads a file for the first time.
   *
   * @typeParam T What it holds.
   * @param path Its path.
   * @param options What to make of it.
   * @returns The file.
   * @throws {StartError} If it can't be read or is malformed.
   */
  static async open<T>(
    path: string,
    options: WatchedFileOptions<T>,
  ): Promise<WatchedFile<T>> {
    try {
      const state = await stateOf(path);
      return new WatchedFile(path, options, await read(path, state, options));
    } catch (error) {
      const why = explain(error, path);
      throw new StartError(`Cannot read ${options.what} ${path}: ${why}`, {
        cause: error,
      });
    }
  }

  /** Its path. */
  get name(): string {
    return this.#path;
  }

  /** What is in force. */
  get value(): T {
    return this.#value;
  }

  /**
   * Says who is to know of a new value.
   *
   * @param apply Takes it. What it throws is a fault of the file.
   */
  onReload(apply: (value: T) => void | Promise<void>): void {
    this.#apply = apply;
  }

  /**
   * Reads the file if it has changed since it was read, and is the same at two
   * looks: who writes it may not have finished at the first.
   */
  poll(): Promise<void> {
    return this.#inTurn(async () => {
      const state = await stateOf(this.#path);
      const isSettled = state.text === this.#seen;
      this.#seen = state.text;
      if (isSettled && state.text !== this.#read) await this.#reload(state);
    });
  }

  /**
   * Reads the file whether it has changed or not. Whoever asks while one waits
   * for its turn gets that one: a storm of signals does not queue up.
   *
   * @returns Why it stays as it was, where it does.
   */
  reload(): Promise<string | undefined> {
    return this.#waiting ??= this.#inTurn(async () => {
      this.#waiting = undefined; // What changes from here on is for the next.
      const state = await stateOf(this.#path);
      this.#seen = state.text;
      return await this.#reload(state);
    });
  }

  #inTurn<R>(act: () => Promise<R>): Promise<R> {
    const done = this.#last.then(act);
    this.#last = done;
    return done;
  }

  async #reload(state: FileState): Promise<string | undefined> {
    const { what, describe } = this.#options;
    this.#read = state.text;
    try {
      const { value, mode } = await read(this.#path, state, this.#options);
      await this.#apply(value);
      this.#value = value;
      this.#say("info", `Reloaded ${this.#path}: ${describe(value)}`);
      this.#warnOfReaders(mode);
      return undefined;
    } catch (error) {
      const why = explain(error, this.#path);
      const problem =
        `Cannot reload ${what} ${this.#path}: ${why}; it stays as it was`;
      this.#say("error", problem);
      return problem;
    }
  }

  #warnOfReaders(mode: number | null): void {
    const isNew = mode !== this.#mode;
    this.#mode = mode;
    if (!this.#options.isSecret || !isNew || mode === null) return;
    if ((mode & READABLE_BY_OTHERS) === 0) return;
    this.#say(
      "warning",
      `Others can read ${this.#path}, which holds secrets: chmod 600 it`,
    );
  }

  #say(level: "info" | "warning" | "error", message: string): void {
    this.#options.log({ event: "message", level, message });
  }
}

/** What tells that a file has changed. */
interface FileState {
  /** All of it as text. */
  text: string;
  info: Deno.FileInfo | undefined;
  error: unknown;
}

interface Content<T> {
  value: T;
  state: string;
  mode: number | null;
}

/** Never fails: that the file is missing is a state of it too. */
async function stateOf(path: string): Promise<FileState> {
  try {
    // Without the permission, asking for it would stop everything.
    const { state } = await Deno.permissions.query({ name: "read", path });
    if (state !== "granted") {
      throw new Deno.errors.NotCapable(`--allow-read=${path}`);
    }
    const info = await Deno.stat(path);
    const { dev, ino, size, mtime, mode, isFile } = info;
    // A pipe says what it has to say once: how full it is means nothing.
    const content = isFile ? [size, mtime?.getTime()] : [];
    const text = [dev, ino, ...content, mode].join(" ");
    return { text, info, error: undefined };
  } catch (error) {
    return { text: explain(error, path), info: undefined, error };
  }
}

async function read<T>(
  path: string,
  { text: state, info, error }: FileState,
  { parse }: WatchedFileOptions<T>,
): Promise<Content<T>> {
  if (info === undefined) throw error;
  const text = await readText(path);
  return { value: parse(text), state, mode: info.isFile ? info.mode : null };
}

function explain(error: unknown, path: string): string {
  return error instanceof SyntaxError
    ? error.message
    : explainFile(path, error);
}
