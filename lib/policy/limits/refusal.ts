/**
 * What is refused although it could be done.
 *
 * @module
 */

/** Kinds of refusal, as far as anyone acts on the difference. */
export type RefusalKind =
  | "forbidden"
  | "unauthenticated"
  | "banned"
  | "limit reached"
  | "draining"
  | "loop"
  | "name mismatch"
  | "revoked";

/**
 * Limits by the names that they are counted by; they never change, so that
 * figures and filters of logs can rely on them.
 */
export type LimitName =
  | "connections"
  | "connections-per-client"
  | "connections-per-user"
  | "associations"
  | "associations-per-client"
  | "connection-rate"
  | "password-checks"
  | "quota";

/** Options for a {@linkcode Refusal}. */
export interface RefusalOptions extends ErrorOptions {
  /** Seconds after which it may be otherwise, where that is known. */
  retryAfter?: number;
  /** Which limit was reached. */
  limit?: LimitName;
}

/** A decision against a client, to be told to it and to the log. */
export class Refusal extends Error {
  /** What to tell the client by. */
  readonly kind: RefusalKind;
  /** Seconds after which it may be otherwise, where that is known. */
  readonly retryAfter: number | undefined;
  /** Which limit was reached, where it was one that is counted. */
  readonly limit: LimitName | undefined;

  /**
   * Constructs a refusal.
   *
   * @param kind What to tell the client by.
   * @param message Which rule or limit decided, in one line.
   * @param options What else the client can be told.
   */
  constructor(
    kind: RefusalKind,
    message: string,
    options: RefusalOptions = {},
  ) {
    super(message, options);
    this.name = "Refusal";
    this.kind = kind;
    this.retryAfter = options.retryAfter;
    this.limit = options.limit;
  }
}

/**
 * Makes the refusal of new work during a shutdown.
 *
 * @returns `draining`.
 */
export function drainRefusal(): Refusal {
  return new Refusal("draining", "Sluice is shutting down");
}
