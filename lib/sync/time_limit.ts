/**
 * The error of a time limit that has passed.
 *
 * @module
 */

/** Name of a time limit in its error. */
export type TimeLimitName =
  | "Check time"
  | "Connect time"
  | "Drain time"
  | "Half-close time"
  | "Handshake time"
  | "Idle time"
  | "Lookup time"
  | "Time"
  | "Time limit"
  | `Time for ${string}`;

/** A `TimeoutError`, as `AbortSignal.timeout` has, that knows its limit. */
export class TimeLimitError extends DOMException {
  /** What was limited. */
  readonly limit: TimeLimitName;

  /**
   * Constructs an error.
   *
   * @param milliseconds The limit.
   * @param limit What it limited.
   */
  constructor(milliseconds: number, limit: TimeLimitName) {
    super(`${limit} of ${milliseconds / 1000} s has passed`, "TimeoutError");
    this.limit = limit;
  }
}
