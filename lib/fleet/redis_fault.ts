/**
 * Why Redis could not be used, in words for the operator.
 *
 * @module
 */

import { explainError } from "../observe/explain_error.ts";
import { TimeLimitError } from "../sync/time_limit.ts";

/** Errors of Redis that no later attempt mends, and what to do about them. */
const FAULTS: Readonly<Record<string, string>> = {
  WRONGPASS: "it refuses this user and password",
  NOAUTH: "it wants a password; write redis://USER:PASSWORD@HOST",
  NOPERM: "its access control list forbids what Sluice needs",
  MOVED: "it is a cluster, which is not supported; name a single Redis",
};

/** Errors of Redis that may pass. */
const TROUBLES: Readonly<Record<string, string>> = {
  OOM: "its memory is full (maxmemory)",
  READONLY: "it is a replica, which takes no writes",
  MISCONF: "it takes no writes, because it cannot save them to its disk",
  NOREPLICAS: "it takes no writes, because it has too few replicas",
  MASTERDOWN: "it is a replica without its master",
  LOADING: "it is still loading its data",
  BUSY: "another script keeps it busy",
  CLUSTERDOWN: "it is a cluster, which is not supported; name a single Redis",
};

const KNOWN = new RegExp(
  `\\b(?:${[...Object.keys(FAULTS), ...Object.keys(TROUBLES)].join("|")})\\b`,
);

/** Redis cannot be used. */
export class RedisFault extends Error {
  /** Whether only the operator can mend it, such as a wrong password. */
  readonly isFinal: boolean;

  /**
   * Constructs an error.
   *
   * @param message What is wrong, to follow `Redis at PLACE: `.
   * @param options Whether it is final (default false), and the cause.
   */
  constructor(
    message: string,
    { isFinal = false, cause }: { isFinal?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.name = "RedisFault";
    this.isFinal = isFinal;
  }
}

/**
 * Explains what Redis or the way to it has refused.
 *
 * @param error Anything that the client has thrown.
 * @returns The same in words. They contain no password.
 */
export function redisFault(error: unknown): RedisFault {
  if (error instanceof RedisFault) return error;
  if (error instanceof TimeLimitError) {
    return new RedisFault(error.message, { cause: error });
  }
  if (error instanceof Deno.errors.NotCapable) {
    const message =
      "Deno was not given the permission; sluice doctor says which";
    return new RedisFault(message, { isFinal: true, cause: error });
  }
  const code = redisCode(error);
  if (Object.hasOwn(FAULTS, code)) {
    return new RedisFault(FAULTS[code]!, { isFinal: true, cause: error });
  }
  if (Object.hasOwn(TROUBLES, code)) {
    return new RedisFault(TROUBLES[code]!, { cause: error });
  }
  return new RedisFault(explainError(error), { cause: error });
}

/**
 * Finds the code of an error of Redis: its first word, or that of the error
 * within an error of a script.
 *
 * @returns For example `NOSCRIPT`; empty if the error is not one of Redis.
 */
export function redisCode(error: unknown): string {
  const { message = "" } = error as Partial<Error>;
  return KNOWN.exec(message)?.[0] ?? /^[A-Z]{3,}\b/.exec(message)?.[0] ?? "";
}
