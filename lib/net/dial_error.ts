/**
 * Why a target could not be reached.
 *
 * @module
 */

import { errorCode } from "../observe/error_code.ts";

/** Kinds of failure, as far as anyone acts on the difference. */
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

/** A target that was not reached. */
export class DialError extends Error {
  /** What to tell the client by. */
  readonly kind: DialErrorKind;

  /**
   * Constructs an error.
   *
   * @param kind What to tell the client by.
   * @param message Why, in one line.
   * @param options Cause.
   */
  constructor(kind: DialErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DialError";
    this.kind = kind;
  }
}

/**
 * Kinds by `code`: most system errors come as a plain `Error` with nothing else
 * to tell them by.
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
 * Classifies what a failed connect threw.
 *
 * @param error What was thrown.
 * @returns Its kind; `failed` where it is not known.
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
