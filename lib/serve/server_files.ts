/**
 * The files of one server. It keeps contents that its predecessor had in force,
 * whatever is being written to the files.
 *
 * @module
 */

import type { FileText } from "../cli/settled_text.ts";
import { WatchedFile, type WatchedFileOptions } from "../cli/watched_file.ts";

/** Options for {@linkcode ServerFiles}. */
export interface ServerFilesOptions {
  /** Contents in force, by path (default none). */
  before?: ReadonlyMap<string, FileText> | undefined;
  /**
   * Whether it starts while others serve, and waits for files that are being
   * written (default false: each is read once).
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
   * Creates a server's files without opening any.
   *
   * @param options What is known of them.
   */
  constructor({ before, isRunning = false }: ServerFilesOptions = {}) {
    this.#before = before;
    this.isRunning = isRunning;
  }

  /** Whether one was opened with its contents in force. */
  get hasInherited(): boolean {
    return this.#hasInherited;
  }

  /** Contents in force of all opened files, by path. */
  get taken(): Map<string, FileText> {
    return new Map([...this.#opened].map(([path, { taken }]) => [path, taken]));
  }

  /**
   * Opens a file with its contents in force if they fit; otherwise reads it.
   *
   * @typeParam T The parsed contents.
   * @param options How to parse it.
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
   * Opens a file with its current contents, if those in force do not fit with
   * others.
   *
   * @typeParam T The parsed contents.
   * @param options How to parse it.
   * @returns The file.
   * @throws {StartError} If it can't be read or is malformed.
   */
  openNew<T>(
    path: string,
    options: WatchedFileOptions<T>,
  ): Promise<WatchedFile<T>> {
    return this.#open(path, options, undefined);
  }

  /** Ends the start: earlier contents are no longer needed. */
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
