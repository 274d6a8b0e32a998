/**
 * The reason why Redis cannot be used, in words for the operator.
 *
 * @module
 */

import { explainError } from "../observe/explain_error.ts";
import { TimeLimitError } from "../sync/time_limit.ts";

/** A cluster spreads its keys; the scripts of a fleet need all on one server. */
export const CLUSTER =
  "it is a cluster, which is not supported; name a single Redis, or Sentinels";

/** Errors of Redis that only the operator can fix, with advice. */
const FAULTS: Readonly<Record<string, string>> = {
  WRONGPASS: "it refuses this user and password",
  NOAUTH: "it wants a password; write redis://USER:PASSWORD@HOST",
  NOPERM: "its access control list forbids what Sluice needs",
  MOVED: CLUSTER,
  CLUSTERDOWN: CLUSTER,
};

/** Errors of Redis that may end without a change. */
const TROUBLES: Readonly<Record<string, string>> = {
  OOM: "its memory is full (maxmemory)",
  READONLY: "it is a replica, which takes no writes",
  MISCONF: "it takes no writes, because it cannot save them to its disk",
  NOREPLICAS: "it takes no writes, because it has too few replicas",
  MASTERDOWN: "it is a replica without its master",
  LOADING: "it is still loading its data",
  BUSY: "another script keeps it busy",
};

const KNOWN = new RegExp(
  `\\b(?:${[...Object.keys(FAULTS), ...Object.keys(TROUBLES)].join("|")})\\b`,
);

/** Redis cannot be used. */
export class RedisFault extends Error {
  /** Whether only the operator can fix it, such as a wrong password. */
  readonly isFinal: boolean;

  /**
   * Creates an error.
   *
   * @param message What is wrong; follows `Redis at PLACE: ` in logs.
   * @param options Whether it is final (default: false), and the cause.
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
 * Explains an error of Redis or of the connection to it.
 *
 * @param error Any error of the client.
 * @returns The explanation, without any password.
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
  const words = FAULTS[code] ?? TROUBLES[code] ?? explainError(error);
  return new RedisFault(words, {
    isFinal: Object.hasOwn(FAULTS, code),
    cause: error,
  });
}

/**
 * Finds the code of a Redis error: its first word, or the code of an error
 * within a script's error.
 *
 * @returns For example `NOSCRIPT`; empty if Redis did not send the error.
 */
export function redisCode(error: unknown): string {
  const { message = "" } = error as Partial<Error>;
  return KNOWN.exec(message)?.[0] ?? /^[A-Z]{3,}\b/.exec(message)?.[0] ?? "";
}
