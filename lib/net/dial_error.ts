/**
 * Why a target could not be reached.
 *
 * @module
 */

import { errorCode } from "../observe/error_code.ts";
import { explainError } from "../observe/explain_error.ts";

/** Kinds of failure that callers treat differently. */
export type DialErrorKind =
  | "refused"
  | "network unreachable"
  | "host unreachable"
  | "name not found"
  | "resolver failed"
  | "timeout"
  | "no descriptors"
  | "forbidden"
  | "parent failed"
  | "parent timeout"
  | "no udp"
  | "failed";

/** The error for a target that was not reached. */
export class DialError extends Error {
  /** Decides the reply to the client. */
  readonly kind: DialErrorKind;

  /**
   * Creates an error.
   *
   * @param kind Decides the reply to the client.
   * @param message The reason, in one line.
   * @param options Cause.
   */
  constructor(kind: DialErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DialError";
    this.kind = kind;
  }
}

/**
 * Kinds by `code`: most system errors are plain `Error`s with nothing else to
 * tell them apart.
 */
const KIND_BY_CODE: ReadonlyMap<string, DialErrorKind> = new Map([
  ["ECONNREFUSED", "refused"],
  ["ECONNRESET", "refused"],
  ["ENETUNREACH", "network unreachable"],
  ["ENETDOWN", "network unreachable"],
  ["EADDRNOTAVAIL", "network unreachable"],
  ["EHOSTUNREACH", "host unreachable"],
  ["EHOSTDOWN", "host unreachable"],
  ["ETIMEDOUT", "timeout"],
  ["EMFILE", "no descriptors"],
  ["ENFILE", "no descriptors"],
  ["EACCES", "forbidden"],
  ["EPERM", "forbidden"],
]);

/** Classes for which Deno gives no code on every system. */
const KIND_BY_CLASS: readonly [abstract new () => Error, DialErrorKind][] = [
  [Deno.errors.ConnectionRefused, "refused"],
  [Deno.errors.ConnectionReset, "refused"],
  [Deno.errors.NetworkUnreachable, "network unreachable"],
  [Deno.errors.AddrNotAvailable, "network unreachable"],
  [Deno.errors.TimedOut, "timeout"],
  [Deno.errors.PermissionDenied, "forbidden"],
  [Deno.errors.NotCapable, "forbidden"],
];

/**
 * Classifies the error of a failed connect.
 *
 * @returns Its kind; `failed` if unknown.
 */
export function dialErrorKind(error: unknown): DialErrorKind {
  if (error instanceof DialError) return error.kind;
  const kind = KIND_BY_CODE.get(errorCode(error) ?? "");
  if (kind !== undefined) return kind;
  for (const [constructor, kindOfClass] of KIND_BY_CLASS) {
    if (error instanceof constructor) return kindOfClass;
  }
  return "failed";
}

/**
 * Makes a dial error from an error of the system.
 *
 * @param cannot What failed, for example `Cannot listen on ::1`.
 * @param cause Any error.
 */
export function dialFault(cannot: string, cause: unknown): DialError {
  const message = `${cannot}: ${explainError(cause)}`;
  return new DialError(dialErrorKind(cause), message, { cause });
}
