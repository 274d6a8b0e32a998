/**
 * An error with the HTTP status for the refusal.
 *
 * @module
 */

/** A failure with a status code for the client (RFC 9110 §15). */
export class HttpError extends Error {
  /** Status code of the answer, 400 to 599. */
  readonly status: number;

  /**
   * Constructs a refusal.
   *
   * @param status Status code of the answer, 400 to 599.
   * @param message The reason, in one line that the client also sees.
   * @param options Cause of the refusal.
   */
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HttpError";
    this.status = status;
  }
}
