/**
 * Errors on their way from one thread to another, of which only the text
 * arrives otherwise.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import { ConfigError, type ConfigProblem } from "../cli/config_error.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

/** An error, fit for a message. */
export type WorkerFault =
  | { kind: "usage" | "start" | "internal"; message: string }
  | { kind: "config"; problems: readonly ConfigProblem[] };

/**
 * Makes an error fit for a message.
 *
 * @param error What was thrown.
 * @returns The same without its stack and cause.
 */
export function faultOf(error: unknown): WorkerFault {
  if (error instanceof ConfigError) {
    return { kind: "config", problems: error.problems };
  }
  const message = describeError(error);
  if (error instanceof UsageError) return { kind: "usage", message };
  if (error instanceof StartError) return { kind: "start", message };
  return { kind: "internal", message };
}

/**
 * Makes an error again.
 *
 * @param fault What has come.
 * @returns The error, to be thrown.
 */
export function errorOf(fault: WorkerFault): Error {
  if (fault.kind === "config") return new ConfigError(fault.problems);
  const { kind, message } = fault;
  if (kind === "usage") return new UsageError(message);
  if (kind === "start") return new StartError(message);
  return new Error(message);
}
