/**
 * Errors of the admin API.
 *
 * @module
 */

import { HttpError } from "../wire/http1/http_error.ts";

/** Status by code (RFC 9110 §15). */
export const ERROR_STATUS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  reload_failed: 422,
  internal: 500,
  busy: 503,
} as const;

/** Error codes for programs. */
export type AdminErrorCode = keyof typeof ERROR_STATUS;

/** The error for a request that the API refuses; it includes the answer. */
export class AdminError extends HttpError {
  /** Code for programs. */
  readonly code: AdminErrorCode;

  /**
   * Creates an error.
   *
   * @param code Code for programs.
   * @param message One line for people.
   */
  constructor(code: AdminErrorCode, message: string) {
    super(ERROR_STATUS[code], message);
    this.name = "AdminError";
    this.code = code;
  }

  /** Body of the answer. */
  get answer(): { error: { code: AdminErrorCode; message: string } } {
    return { error: { code: this.code, message: this.message } };
  }
}

/**
 * Finds the code for a status.
 *
 * @param status Status code, 400 to 599.
 * @returns The code; `bad_request` for a status that has none of its own.
 */
export function codeOfStatus(status: number): AdminErrorCode {
  const codes = Object.keys(ERROR_STATUS) as AdminErrorCode[];
  const code = codes.find((code) => ERROR_STATUS[code] === status);
  return code ?? (status >= 500 ? "internal" : "bad_request");
}

/**
 * Turns any error of an operation into one that the client may see.
 *
 * @param error Any thrown value.
 */
export function asAdminError(error: unknown): AdminError {
  if (error instanceof AdminError) return error;
  if (error instanceof HttpError) {
    return new AdminError(codeOfStatus(error.status), error.message);
  }
  // Unexpected errors go to the log only, because they may reveal internals.
  return new AdminError("internal", "Internal error");
}
