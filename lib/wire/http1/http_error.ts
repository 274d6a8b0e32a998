/**
 * A message that must be refused, with the status to refuse it with.
 *
 * @module
 */

/** What a client is answered with a status of its own for (RFC 9110 §15). */
export class HttpError extends Error {
  /** Status code of the answer, 400 to 599. */
  readonly status: number;

  /**
   * Constructs a refusal.
   *
   * @param status Status code of the answer, 400 to 599.
   * @param message Why, in one line that the client is shown too.
   * @param options Cause of the refusal.
   */
  constructor(status: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "HttpError";
    this.status = status;
  }
}
