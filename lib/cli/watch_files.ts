/**
 * When files are looked at: every second, and on SIGHUP.
 *
 * @module
 */

import { setDeadline } from "../sync/deadline.ts";

/** Milliseconds between two looks. */
const INTERVAL = 1_000;

/** Milliseconds that the end waits for a file that is being read. */
const PATIENCE = 1_000;

/** What can be looked at. */
export interface Reloadable {
  /** Looks, and reads again what has changed. It does not throw. */
  poll(): Promise<void>;
  /** Reads again. It does not throw; it may say why nothing has changed. */
  reload(): Promise<string | undefined | void>;
  /** What it is called, for whoever asks what was read. */
  readonly name?: string;
}

/**
 * Makes one text of what was wrong with several files.
 *
 * @param faults What {@linkcode Reloadable.reload} has said of each.
 * @returns What was wrong, if anything was.
 */
export function joinFaults(
  faults: readonly (string | undefined | void)[],
): string | undefined {
  return faults.filter((fault) => fault).join("; ") || undefined;
}

/** Options for {@linkcode watchFiles}. */
export interface WatchFilesOptions {
  /** Milliseconds between two looks (default 1 s). */
  interval?: number;
  /** Called on SIGHUP where there is nothing to reload. */
  onIdleSignal?: () => void;
  /**
   * Called on SIGHUP.
   *
   * @param done Settles when all has been read.
   */
  onSignal?: (done: Promise<unknown>) => void;
}

/**
 * Watches files until it is disposed of. Where there are none, SIGHUP is said
 * and does nothing; but where a person sits at a terminal it keeps its meaning:
 * the terminal is gone, and what runs in it ends.
 *
 * @param files What to look at.
 * @param options How.
 * @returns Ends it, once no file is being read.
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
      // A file on a network that is gone must not hold up the end.
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
