/**
 * When files are looked at: every second, and on SIGHUP.
 *
 * @module
 */

import { setDeadline } from "../sync/deadline.ts";
import { type Hangups, listenForHangups } from "./hangups.ts";

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
  /** Where SIGHUP comes from (default: listens for it until disposed of). */
  hangups?: Hangups;
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
 * Watches files until it is disposed of. However many SIGHUPs come while files
 * are being read, they are read once more. Where there are none, SIGHUP is said
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
      // A file on a network that is gone must not hold up the end.
      const { promise, resolve } = Promise.withResolvers<void>();
      const deadline = setDeadline(PATIENCE, resolve);
      await Promise.race([busy, promise]);
      deadline.clear();
    },
  };
}
