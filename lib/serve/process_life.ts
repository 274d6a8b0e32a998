/**
 * What every program that takes connections does with its process.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import type { LogEvent } from "../observe/log_event.ts";

/** Permissions that are kept. */
export interface KeptPermissions {
  /** That to write files. */
  keepWrite: boolean;
  /** That for foreign functions (default false). */
  keepFfi?: boolean;
}

/**
 * Drops permissions: what a server never does, nobody who takes it over shall
 * do either.
 *
 * @param kept What it still does.
 */
export function dropPermissions(
  { keepFfi = false, keepWrite }: KeptPermissions,
): void {
  Deno.permissions.revokeSync({ name: "run" });
  if (!keepFfi) Deno.permissions.revokeSync({ name: "ffi" });
  // Of what was given as a whole, a part can't be kept.
  if (!keepWrite) Deno.permissions.revokeSync({ name: "write" });
}

/** What becomes of a mistake of ours that nobody waits for. */
let takeRejection: ((reason: unknown) => void) | undefined;

function onRejection(take: (reason: unknown) => void): void {
  const isFirst = takeRejection === undefined;
  takeRejection = take;
  if (!isFirst) return;
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    takeRejection!(event.reason);
  });
}

/**
 * Ends the program at a mistake of ours that nobody waits for: the runtime
 * would print a stack.
 *
 * @param report Says what it is, and gives the exit code.
 */
export function endOnMistakes(report: (error: unknown) => number): void {
  onRejection((reason) => Deno.exit(report(reason)));
  addEventListener("error", (event) => {
    event.preventDefault();
    Deno.exit(report(event.error ?? event.message));
  });
}

/**
 * Sees to it that a mistake of ours in one connection does not end all others.
 *
 * @param log Told of it.
 */
export function surviveMistakes(log: (event: LogEvent) => void): void {
  onRejection((reason) => {
    const message = `Internal error: ${describeError(reason)}`;
    log({ event: "message", level: "error", message });
  });
}

/**
 * Has errors take no stacks, in this thread: every connection that is reset
 * makes some, whose stacks nobody sees, and they cost more than to handle it.
 */
export function spareStacks(): void {
  Error.stackTraceLimit = 0;
}

/**
 * Says that a signal had nothing to do.
 *
 * @param log Told of it.
 */
export function sayNothingToReload(log: (event: LogEvent) => void): void {
  const message = "SIGHUP: there is no file to reload";
  log({ event: "message", level: "info", message });
}
