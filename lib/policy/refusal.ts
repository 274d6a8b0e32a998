/**
 * What is refused although it could be done.
 *
 * @module
 */

/** Kinds of refusal, as far as anyone acts on the difference. */
export type RefusalKind =
  | "forbidden"
  | "unauthenticated"
  | "limit reached"
  | "draining";

/** A decision against a client, to be told to it and to the log. */
export class Refusal extends Error {
  /** What to tell the client by. */
  readonly kind: RefusalKind;

  /**
   * Constructs a refusal.
   *
   * @param kind What to tell the client by.
   * @param message Which rule or limit decided, in one line.
   */
  constructor(kind: RefusalKind, message: string) {
    super(message);
    this.name = "Refusal";
    this.kind = kind;
  }
}
