/**
 * A file that is reloaded when it changes, while the program runs.
 *
 * @module
 */

import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";
import { explainFile, fileFault } from "./file_error.ts";
import {
  contentOf,
  type FileState,
  type FileText,
  readContent,
  readSettled,
  stateOf,
  type Unreadable,
  UnsettledError,
} from "./settled_text.ts";

/** Permission bits of the group and of others. */
const READABLE_BY_OTHERS = 0o044;

/**
 * Options for {@linkcode WatchedFile.open}.
 *
 * @typeParam T Value of the file.
 */
export interface WatchedFileOptions<T> {
  /** Kind of file, for messages: `users file`. */
  what: string;
  /**
   * Parses the text.
   *
   * @throws {SyntaxError} If the text is malformed; the message says where and
   *   what was expected.
   */
  parse: (text: string) => T | Promise<T>;
  /** Describes a value for the message of a reload: `12 users`. */
  describe: (value: T) => string;
  /** Whether to warn if others than the owner can read the file. */
  isSecret?: boolean;
  /** Receives messages. */
  log: (event: LogEvent) => void;
}

/** Knowledge about a file before it is opened. */
export interface FileOrigin {
  /**
   * Contents that another listener has in force. They are used if they are
   * valid here.
   */
  before?: FileText | undefined;
  /**
   * Whether similar files are already in force, so that this one must not be
   * read half written (default false).
   */
  isRunning?: boolean;
}

/**
 * A file whose contents stay in force until other valid contents replace them:
 * a broken or missing file changes nothing.
 *
 * @typeParam T Value of the file.
 */
export class WatchedFile<T> {
  readonly #path: string;
  readonly #options: WatchedFileOptions<T>;
  #value: T;
  #apply: (value: T) => void | Promise<void> = () => {};
  /** The text from which the value was parsed. */
  #taken: FileText;
  /** State of the file at the last read, successful or not. */
  #read: string;
  /** State of the file at the last check. */
  #seen: string;
  #mode: number | null = null;
  #last: Promise<unknown> = Promise.resolve();
  /** The reload that is waiting to start. */
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
   * Takes over the contents that are in force, or reads the file for the first
   * time.
   *
   * @typeParam T Value of the file.
   * @param options How to parse and describe it.
   * @param origin Contents already in force (default none).
   * @throws {StartError} If the file can't be read or is malformed.
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
      // They belong to other settings: the file may have changed together with
      // them.
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

  /** Path of the file. */
  get name(): string {
    return this.#path;
  }

  /** The value in force. */
  get value(): T {
    return this.#value;
  }

  /** The text from which it was parsed. */
  get taken(): FileText {
    return this.#taken;
  }

  /**
   * Sets the receiver of new values.
   *
   * @param apply Receives each new value. If it throws, the file counts as
   *   invalid.
   */
  onReload(apply: (value: T) => void | Promise<void>): void {
    this.#apply = apply;
  }

  /**
   * Reads the file if it has changed and two checks agree: at the first, its
   * writer may not have finished.
   */
  poll(): Promise<void> {
    return this.#inTurn(async () => {
      const { state } = await stateOf(this.#path);
      const isSettled = state === this.#seen;
      this.#seen = state;
      if (!isSettled || state === this.#read) return;
      const content = await contentOf(readContent(this.#path));
      this.#seen = (await stateOf(this.#path)).state;
      // The file changed during the read; the next check decides.
      if (this.#seen !== state) return;
      this.#read = state;
      await this.#take(content);
    });
  }

  /**
   * Reads the file, changed or not, until two reads agree. Calls during the
   * wait for its turn share one reload, so that signals do not pile up.
   *
   * @returns The reason if the value stays unchanged.
   */
  reload(): Promise<string | undefined> {
    return this.#waiting ??= this.#inTurn(async () => {
      this.#waiting = undefined; // Later changes need a new reload.
      const content = await contentOf(
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

  /** A file that has not settled must be read again. */
  #noteRead(content: FileText | Unreadable, now: FileState): void {
    if ("text" in content) this.#seen = this.#read = content.state;
    else if (content.error instanceof UnsettledError) this.#seen = now.state;
    else this.#seen = this.#read = now.state;
  }

  async #take(content: FileText | Unreadable): Promise<string | undefined> {
    const { what, describe, log, parse } = this.#options;
    try {
      if ("error" in content) throw content.error;
      const value = await parse(content.text);
      await this.#apply(value);
      this.#value = value;
      this.#taken = content;
      const message = `Reloaded ${this.#path}: ${describe(value)}`;
      log(messageEvent("info", "file-reloaded", message));
      this.#warnOfReaders(content.mode);
      return undefined;
    } catch (error) {
      const why = explainFile(this.#path, error);
      const message =
        `Cannot reload ${what} ${this.#path}: ${why}; Sluice keeps the old one`;
      log(messageEvent("error", "file-not-reloaded", message));
      return message;
    }
  }

  #warnOfReaders(mode: number | null): void {
    const { isSecret, log } = this.#options;
    const isNew = mode !== this.#mode;
    this.#mode = mode;
    if (!isSecret || !isNew || mode === null) return;
    if ((mode & READABLE_BY_OTHERS) === 0) return;
    const message =
      `Other users can read ${this.#path}, which holds secrets; run: chmod 600 ${this.#path}`;
    log(messageEvent("warning", "file-readable", message));
  }
}
