/**
 * Errors between threads. A plain message would carry only their text.
 *
 * @module
 */

import { describeError } from "../observe/describe_error.ts";
import type { FaultCodec } from "../sync/thread_link.ts";
import { ConfigError, type ConfigProblem } from "../cli/config_error.ts";
import { StartError, UsageError } from "../cli/usage_error.ts";

/** An error in the form of a message. */
type WorkerFault =
  | { kind: "usage" | "internal"; message: string }
  | { kind: "start"; message: string; option: string | undefined }
  | { kind: "config"; problems: readonly ConfigProblem[] };

/** Distinguishes errors that the operator can fix from internal ones. */
export const WORKER_FAULTS: FaultCodec = { encode, decode };

function encode(error: unknown): WorkerFault {
  if (error instanceof ConfigError) {
    return { kind: "config", problems: error.problems };
  }
  const message = describeError(error);
  if (error instanceof UsageError) return { kind: "usage", message };
  if (error instanceof StartError) {
    return { kind: "start", message, option: error.option };
  }
  return { kind: "internal", message };
}

function decode(value: unknown): Error {
  const fault = value as WorkerFault;
  if (fault.kind === "config") return new ConfigError(fault.problems);
  const { kind, message } = fault;
  if (kind === "start") return new StartError(message, fault);
  return kind === "usage" ? new UsageError(message) : new Error(message);
}
