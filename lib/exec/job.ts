/**
 * The command as a job: signals and control of the terminal.
 *
 * ```text
 * Ctrl-Z    terminal -> command stops -> init tells -> sluice stops too, the shell has the terminal
 * fg        shell -> sluice goes on, gives the terminal to the command's group, which goes on
 * kill PID  sluice -> init -> command
 * ```
 *
 * @module
 */

import { handleSignals } from "../cli/handle_signals.ts";
import { fenceCalls } from "../net/system/fence/calls.ts";
import { SIGNALS } from "../net/system/fence/signals.ts";
import { Terminal } from "../net/system/fence/terminal.ts";
import type { Fence } from "./fence.ts";

/** Signals that are forwarded unchanged. */
const FORWARDED = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGTSTP",
  "SIGUSR1",
  "SIGUSR2",
] as const;

/**
 * Starts a prepared command and waits until it ends.
 *
 * @param fence The fence, with the command prepared.
 * @returns Its exit code, or the error number (errno(3)) if it can't be
 *   started.
 * @throws {StartError} If Sluice can't drop the command's rights.
 */
export async function runJob(
  fence: Fence,
): Promise<{ exitCode: number } | { failure: number }> {
  using terminal = Terminal.open();
  // Before the command runs, so that no signal is missed.
  using _signals = passSignals(fence, terminal);
  try {
    const failure = await fence.start(terminal?.lend() ?? false);
    if (failure !== undefined) return { failure };
    for (;;) {
      const stopped = await fence.stopped();
      if (stopped === undefined) break;
      stop(stopped, fence, terminal);
    }
    return { exitCode: await fence.exitCode() };
  } finally {
    // A shell inside may have ended without giving the terminal back.
    terminal?.takeBack();
  }
}

function passSignals(
  fence: Fence,
  terminal: Terminal | undefined,
): Disposable {
  return handleSignals([
    ...FORWARDED.map((signal) => ({
      signal,
      handler: () => fence.say({ kind: "signal", signal: SIGNALS[signal] }),
    })),
    { signal: "SIGCONT", handler: () => resume(fence, terminal) },
  ]);
}

/** Stops this process like the command, so that the shell notices. */
function stop(
  signal: number,
  fence: Fence,
  terminal: Terminal | undefined,
): void {
  const wantsTerminal = signal === SIGNALS.SIGTTIN ||
    signal === SIGNALS.SIGTTOU;
  if (wantsTerminal && terminal?.isOurs) return resume(fence, terminal);
  if (!wantsTerminal) terminal?.takeBack();
  fenceCalls().kill(0, SIGNALS.SIGSTOP); // Continues here after SIGCONT.
}

function resume(fence: Fence, terminal: Terminal | undefined): void {
  fence.say({ kind: "resume", isForeground: terminal?.lend() ?? false });
}
