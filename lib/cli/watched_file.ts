/**
 * A file that is read again when it changes, while what depends on it runs.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { explainFile, fileFault } from "./file_error.ts";
import {
  type FileState,
  type FileText,
  readContent,
  readSettled,
  stateOf,
  UnsettledError,
} from "./settled_text.ts";

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
  parse: (text: string) => T | Promise<T>;
  /** Says what a value is, for the message of a reload: `12 users`. */
  describe: (value: T) => string;
  /** Whether to warn where others than the owner can read it. */
  isSecret?: boolean;
  /** Takes what there is to say. */
  log: (event: LogEvent) => void;
}

/** What is known of a file before it is opened. */
export interface FileOrigin {
  /** What another has in force of it, which is taken where it fits. */
  before?: FileText | undefined;
  /**
   * Whether others go by files like it already, so that this one must not be
   * taken half written (default false).
   */
  isRunning?: boolean;
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
  /** What the value was made of. */
  #taken: FileText;
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
    taken: FileText,
    value: T,
  ) {
    this.#path = path;
    this.#options = options;
    this.#value = value;
    this.#taken = taken;
    this.#read = this.#seen = taken.state;
    this.#warnOfReaders(taken.mode);
  }

  /**
   * Takes what is in force of a file, or reads it for the first time.
   *
   * @typeParam T What it holds.
   * @param options What to make of it.
   * @param origin What is known of it (default nothing).
   * @throws {StartError} If it can't be read or is malformed.
   */
  static async open<T>(
    path: string,
    options: WatchedFileOptions<T>,
    { before, isRunning = false }: FileOrigin = {},
  ): Promise<WatchedFile<T>> {
    const make = async (taken: FileText) =>
      new WatchedFile(path, options, taken, await options.parse(taken.text));
    try {
      if (before !== undefined) return await make(before);
    } catch (error) {
      // It was for other settings: the file may have changed with them.
      if (!(error instanceof SyntaxError)) throw error;
    }
    try {
      return await make(
        await (isRunning ? readSettled(path) : readContent(path)),
      );
    } catch (error) {
      throw fileFault(`read ${options.what}`, path, error);
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

  /** The text that this was made of. */
  get taken(): FileText {
    return this.#taken;
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
      const { state } = await stateOf(this.#path);
      const isSettled = state === this.#seen;
      this.#seen = state;
      if (!isSettled || state === this.#read) return;
      const content = await this.#look(readContent(this.#path));
      this.#seen = (await stateOf(this.#path)).state;
      // It was written while it was read: the next look will show.
      if (this.#seen !== state) return;
      this.#read = state;
      await this.#take(content);
    });
  }

  /**
   * Reads the file whether it has changed or not, until it is the same at two
   * looks. Whoever asks while one waits for its turn gets that one: a storm of
   * signals does not queue up.
   *
   * @returns Why it stays as it was, where it does.
   */
  reload(): Promise<string | undefined> {
    return this.#waiting ??= this.#inTurn(async () => {
      this.#waiting = undefined; // What changes from here on is for the next.
      const content = await this.#look(
        readSettled(this.#path, { before: this.#taken }),
      );
      this.#noteRead(content, await stateOf(this.#path));
      return await this.#take(content);
    });
  }

  #inTurn<R>(act: () => Promise<R>): Promise<R> {
    const done = this.#last.then(act);
    this.#last = done;
    return done;
  }

  /** One that has not settled is still to be read. */
  #noteRead(content: FileText | Unreadable, now: FileState): void {
    if ("text" in content) this.#seen = this.#read = content.state;
    else if (content.error instanceof UnsettledError) this.#seen = now.state;
    else this.#seen = this.#read = now.state;
  }

  /** What went wrong is for who takes it. */
  async #look(reading: Promise<FileText>): Promise<FileText | Unreadable> {
    try {
      return await reading;
    } catch (error) {
      return { error };
    }
  }

  async #take(content: FileText | Unreadable): Promise<string | undefined> {
    const { what, describe, parse } = this.#options;
    try {
      if ("error" in content) throw content.error;
      const value = await parse(content.text);
      await this.#apply(value);
      this.#value = value;
      this.#taken = content;
      this.#say("info", `Reloaded ${this.#path}: ${describe(value)}`);
      this.#warnOfReaders(content.mode);
      return undefined;
    } catch (error) {
      const why = explainFile(this.#path, error);
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

/** A file that can't be read. */
interface Unreadable {
  error: unknown;
}
