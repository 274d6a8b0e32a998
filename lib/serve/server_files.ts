/**
 * The files of one server. What it takes the place of has some of them in force
 * already: those it goes on with as they are, whatever is being written to them.
 *
 * @module
 */

import type { FileText } from "../cli/settled_text.ts";
import { WatchedFile, type WatchedFileOptions } from "../cli/watched_file.ts";

/** Options for {@linkcode ServerFiles}. */
export interface ServerFilesOptions {
  /** What is in force of files, by path (default: nothing is). */
  before?: ReadonlyMap<string, FileText> | undefined;
  /**
   * Whether it is started while others serve, so that a file that is being
   * written is waited for (default false: each is read once).
   */
  isRunning?: boolean;
}

/** The files of one server. */
export class ServerFiles {
  readonly #opened = new Map<string, { readonly taken: FileText }>();
  /** Whether others serve already. */
  readonly isRunning: boolean;
  #hasInherited = false;
  #before: ReadonlyMap<string, FileText> | undefined;

  /**
   * Creates a server's files, none of which is open.
   *
   * @param options What is known of them.
   */
  constructor({ before, isRunning = false }: ServerFilesOptions = {}) {
    this.#before = before;
    this.isRunning = isRunning;
  }

  /** Whether one was opened with what was in force of it. */
  get hasInherited(): boolean {
    return this.#hasInherited;
  }

  /** What is in force of all that were opened, by path. */
  get taken(): Map<string, FileText> {
    return new Map([...this.#opened].map(([path, { taken }]) => [path, taken]));
  }

  /**
   * Opens a file: with what is in force of it, where it fits, or else read.
   *
   * @typeParam T What it holds.
   * @param options What to make of it.
   * @returns The file.
   * @throws {StartError} If it can't be read or is malformed.
   */
  open<T>(
    path: string,
    options: WatchedFileOptions<T>,
  ): Promise<WatchedFile<T>> {
    const before = this.#opened.get(path)?.taken ?? this.#before?.get(path);
    return this.#open(path, options, before);
  }

  /**
   * Opens a file as it is now, where what is in force of it does not go with
   * others.
   *
   * @typeParam T What it holds.
   * @param options What to make of it.
   * @returns The file.
   * @throws {StartError} If it can't be read or is malformed.
   */
  openNew<T>(
    path: string,
    options: WatchedFileOptions<T>,
  ): Promise<WatchedFile<T>> {
    return this.#open(path, options, undefined);
  }

  /** Ends the start: what was before is not needed any more. */
  endStart(): void {
    this.#before = undefined;
  }

  async #open<T>(
    path: string,
    options: WatchedFileOptions<T>,
    before: FileText | undefined,
  ): Promise<WatchedFile<T>> {
    this.#hasInherited ||= before !== undefined;
    const file = await WatchedFile.open(path, options, {
      ...{ before, isRunning: this.isRunning },
    });
    this.#opened.set(path, file);
    return file;
  }
}
