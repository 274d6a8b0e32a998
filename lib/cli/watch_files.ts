/**
 * Checks files for changes every second, and on SIGHUP.
 *
 * @module
 */

import { setDeadline } from "../sync/deadline.ts";

/** Milliseconds between two checks. */
const INTERVAL = 1_000;

/** Milliseconds to wait at the end for a file that is being read. */
const PATIENCE = 1_000;

/** A file that can be reloaded. */
export interface Reloadable {
  /** Checks the file and reads it if it has changed. It does not throw. */
  poll(): Promise<void>;
  /**
   * Reads the file. It does not throw; it may return why nothing has changed.
   */
  reload(): Promise<string | undefined | void>;
  /** Name for messages about the reload. */
  readonly name?: string;
}

/**
 * Joins the faults of several files to one text.
 *
 * @param faults Results of {@linkcode Reloadable.reload}.
 * @returns The text; `undefined` without faults.
 */
export function joinFaults(
  faults: readonly (string | undefined | void)[],
): string | undefined {
  return faults.filter((fault) => fault).join("; ") || undefined;
}

/** Options for {@linkcode watchFiles}. */
export interface WatchFilesOptions {
  /** Milliseconds between two checks (default 1 s). */
  interval?: number;
  /** Called on SIGHUP if there is nothing to reload. */
  onIdleSignal?: () => void;
  /**
   * Called on SIGHUP.
   *
   * @param done Settles when all files have been read.
   */
  onSignal?: (done: Promise<unknown>) => void;
}

/**
 * Watches files until disposed of. Without files, SIGHUP only causes a message.
 * At a terminal without files it keeps its meaning: the terminal is gone, and
 * its programs end.
 *
 * @param options Interval and callbacks.
 * @returns Stops watching, once no file is being read.
 */
export function watchFiles(
  files: readonly Reloadable[],
  options: WatchFilesOptions = {},
): AsyncDisposable {
  const { interval = INTERVAL, onIdleSignal, onSignal } = options;
  let busy: Promise<unknown> = Promise.resolve();
  let isOver = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function rest(): void {
    timer = setTimeout(look, interval);
  }

  async function look(): Promise<void> {
    timer = undefined;
    await (busy = Promise.all(files.map((file) => file.poll())));
    if (!isOver) rest();
  }

  function reload(): void {
    if (files.length === 0) onIdleSignal?.();
    const before = busy;
    const now = Promise.all(files.map((file) => file.reload()));
    busy = Promise.all([before, now]);
    onSignal?.(busy);
  }

  if (files.length > 0) rest();
  const unregister = onHangup(files.length > 0, reload);
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      unregister();
      clearTimeout(timer);
      // A file on an unreachable network must not delay the end.
      const { promise, resolve } = Promise.withResolvers<void>();
      const deadline = setDeadline(PATIENCE, resolve);
      await Promise.race([busy, promise]);
      deadline.clear();
    },
  };
}

/** Windows has no such signal. */
function onHangup(hasFiles: boolean, handler: () => void): () => void {
  const isForTerminal = !hasFiles && Deno.stdin.isTerminal();
  if (Deno.build.os === "windows" || isForTerminal) return () => {};
  Deno.addSignalListener("SIGHUP", handler);
  return () => Deno.removeSignalListener("SIGHUP", handler);
}
