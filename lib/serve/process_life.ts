/**
 * Process-wide settings of every server program.
 *
 * @module
 */

import { internalError } from "../observe/internal_error.ts";
import type { LogEvent } from "../observe/log_event.ts";
import { messageEvent } from "../observe/message_event.ts";

/** Permissions to keep. */
export interface KeptPermissions {
  /** The permission to write files. */
  keepWrite: boolean;
  /** The permission for foreign functions (default false). */
  keepFfi?: boolean;
}

/**
 * Drops permissions that a server does not need, so that an attacker who takes
 * it over cannot use them.
 *
 * @param kept What it still needs.
 */
export function dropPermissions(
  { keepFfi = false, keepWrite }: KeptPermissions,
): void {
  Deno.permissions.revokeSync({ name: "run" });
  if (!keepFfi) Deno.permissions.revokeSync({ name: "ffi" });
  // A part of a permission granted as a whole cannot be kept.
  if (!keepWrite) Deno.permissions.revokeSync({ name: "write" });
}

/** Handles unhandled rejections. */
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
 * Ends the program at an unhandled rejection. The runtime would print a stack
 * trace.
 *
 * @param report Reports the error and returns the exit code.
 */
export function endOnMistakes(report: (error: unknown) => number): void {
  onRejection((reason) => Deno.exit(report(reason)));
  addEventListener("error", (event) => {
    event.preventDefault();
    Deno.exit(report(event.error ?? event.message));
  });
}

/**
 * Keeps an internal error in one connection from ending all others.
 *
 * @param log Receives the event.
 */
export function surviveMistakes(log: (event: LogEvent) => void): void {
  onRejection((reason) => log(internalError(reason)));
}

/**
 * Disables stack traces in this thread. Every reset connection creates errors
 * whose stacks are never shown and cost more than the connection.
 */
export function spareStacks(): void {
  Error.stackTraceLimit = 0;
}

/**
 * Logs that a signal had no effect.
 *
 * @param log Receives the event.
 */
export function sayNothingToReload(log: (event: LogEvent) => void): void {
  log(messageEvent("info", "nothing-to-reload", "SIGHUP: no file to reload"));
}
