/**
 * Checks files for changes every second, and on SIGHUP.
 *
 * @module
 */

import { waitAtMost } from "../sync/wait_at_most.ts";
import { type Hangups, listenForHangups } from "./hangups.ts";

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
  /** Source of SIGHUP (default: listens for it until disposed of). */
  hangups?: Hangups;
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
 * Watches files until disposed of. However many SIGHUPs arrive during a
 * reading, it reads the files once more. Without files, SIGHUP only causes a
 * message. At a terminal without files it keeps its meaning: the terminal is
 * gone, and its programs end.
 *
 * @param options Interval and callbacks.
 * @returns Stops watching, once no file is being read.
 */
export function watchFiles(
  files: readonly Reloadable[],
  options: WatchFilesOptions = {},
): AsyncDisposable {
  const { interval = INTERVAL, onIdleSignal, onSignal } = options;
  const own = options.hangups === undefined ? listenForHangups() : undefined;
  let busy: Promise<unknown> = Promise.resolve();
  let reading: Promise<unknown> = Promise.resolve();
  let isNextAsked = false;
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
    if (isNextAsked) return;
    isNextAsked = true;
    reading = reading.then(async () => {
      isNextAsked = false;
      if (!isOver) await Promise.all(files.map((file) => file.reload()));
    });
    busy = Promise.all([busy, reading]);
    onSignal?.(busy);
  }

  if (files.length > 0) rest();
  const isForTerminal = files.length === 0 && Deno.stdin.isTerminal();
  const unfollow = isForTerminal
    ? () => {}
    : (options.hangups ?? own)!.follow(reload);
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      unfollow();
      own?.[Symbol.dispose]();
      clearTimeout(timer);
      // A file on an unreachable network must not delay the end.
      await waitAtMost(PATIENCE, busy, () => {});
    },
  };
}
