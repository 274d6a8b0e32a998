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
 * Runs a function while this process, and each program that it starts, ignores
 * signals.
 *
 * @typeParam T Result of the function.
 * @param work The function, which must be synchronous.
 * @returns The function's result.
 */
export function ignoring<T>(signals: readonly number[], work: () => T): T {
  const { sigaction } = fenceCalls();
  const before = signals.map((signal) => {
    const ignore = new Uint8Array(ACTION);
    new DataView(ignore.buffer).setBigUint64(0, SIG_IGN, true);
    const old = new Uint8Array(ACTION);
    sigaction(signal, ignore, old);
    return { signal, old };
  });
  try {
    return work();
  } finally {
    for (const { old, signal } of before) sigaction(signal, old, null);
  }
}

/**
 * Lists the signals that this process ignored from its start, for example under
 * `nohup`.
 *
 * @returns Their numbers.
 */
export function ignoredSignals(): number[] {
  const status = Deno.readTextFileSync("/proc/self/status");
  const mask = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? 0}`);
  return Array.from({ length: 31 }, (_, index) => index + 1)
    .filter((signal) =>
      signal !== SIGPIPE && (mask >> BigInt(signal - 1) & 1n) === 1n
    );
}
