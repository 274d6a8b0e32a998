/**
 * Ignored signals (sigaction(2)).
 *
 * @module
 */

import { fenceCalls } from "./calls.ts";

/** Signal numbers of Linux on the processors that Deno supports (signal(7)). */
export const SIGNALS = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGUSR1: 10,
  SIGUSR2: 12,
  SIGTERM: 15,
  SIGCONT: 18,
  SIGSTOP: 19,
  SIGTSTP: 20,
  SIGTTIN: 21,
  SIGTTOU: 22,
} as const;

/** Bytes of `struct sigaction`, which begins with the handler. */
const ACTION = 152;
const SIG_IGN = 1n;

/** Ignored by Deno itself; its programs must not ignore it. */
const SIGPIPE = 13;

/**
 * What Deno handles by itself from half a second after its start: SIGUSR1 opens
 * its debugger, and each of the others ends the program.
 */
const OF_DENO = ["SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1"] as const;

/**
 * Runs a function while this process, and each program that it starts, ignores
 * signals.
 *
 * @typeParam T Result of the function.
 * @param work The function, which must be synchronous.
 */
export function ignoring<T>(signals: readonly number[], work: () => T): T {
  const before = signals.map((signal) => ({ signal, old: ignore(signal) }));
  try {
    return work();
  } finally {
    const { sigaction } = fenceCalls();
    for (const { old, signal } of before) sigaction(signal, old, null);
  }
}

/**
 * Ignores for good the signals that Deno would handle by itself, although this
 * process was started to ignore them. The default action, which Deno then runs,
 * crashes process 1 of a namespace: the system refuses to end it (signal(7)).
 */
export function ignoreSignalsOfDeno(): void {
  for (const signal of OF_DENO) {
    // Deno sets each handler once: a later listener of its own changes nothing.
    Deno.addSignalListener(signal, () => {});
    ignore(SIGNALS[signal]);
  }
}

/** Ignores a signal; returns what the process did at it before. */
function ignore(signal: number): Uint8Array<ArrayBuffer> {
  const action = new Uint8Array(ACTION);
  new DataView(action.buffer).setBigUint64(0, SIG_IGN, true);
  const old = new Uint8Array(ACTION);
  fenceCalls().sigaction(signal, action, old);
  return old;
}

/**
 * Lists the signals that this process ignored from its start, for example under
 * `nohup`.
 */
export function ignoredSignals(): number[] {
  const status = Deno.readTextFileSync("/proc/self/status");
  const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? 0}`);
  return Array.from({ length: 31 }, (_, index) => index + 1)
    .filter((signal) =>
      signal !== SIGPIPE && (mask >> BigInt(signal - 1) & 1n) === 1n
    );
}
