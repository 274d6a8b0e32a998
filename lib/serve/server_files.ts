/**
 * The files of one server. A new server starts with the contents that its
 * predecessor used, even if the files are being written at that moment.
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
   * Whether other servers are running, so that it waits for files that are
   * being written (default false: each is read once).
   */
  isRunning?: boolean;
}

/** The files of one server. */
export class ServerFiles {
  readonly #opened = new Map<string, { readonly taken: FileText }>();
  /** Whether other servers are already running. */
  readonly isRunning: boolean;
  #hasInherited = false;
  #before: ReadonlyMap<string, FileText> | undefined;

  /**
   * Creates a server's files without opening any.
   *
   * @param options Earlier contents, and whether other servers run.
   */
  constructor({ before, isRunning = false }: ServerFilesOptions = {}) {
    this.#before = before;
    this.isRunning = isRunning;
  }

  /** Whether one was opened with its earlier contents. */
  get hasInherited(): boolean {
    return this.#hasInherited;
  }

  /** Contents in force of all opened files, by path. */
  get taken(): Map<string, FileText> {
    return new Map([...this.#opened].map(([path, { taken }]) => [path, taken]));
  }

  /**
   * Opens a file with its earlier contents if they are valid; otherwise reads
   * it.
   *
   * @typeParam T The parsed contents.
   * @param options How to parse it.
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
   * Opens a file with its current contents, because the earlier ones do not fit
   * together with those of other files.
   *
   * @typeParam T The parsed contents.
   * @param options How to parse it.
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
