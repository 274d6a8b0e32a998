/**
 * Decisions against a client.
 *
 * @module
 */

/** Kinds of refusal that lead to different answers. */
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
 * Names by which limits are counted. They never change, so that metrics and log
 * filters can rely on them.
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
  /** Seconds after which to try again, if known. */
  retryAfter?: number;
  /** The limit that was reached. */
  limit?: LimitName;
}

/** A decision against a client, for the answer and the log. */
export class Refusal extends Error {
  /** Kind of refusal, which selects the answer. */
  readonly kind: RefusalKind;
  /** Seconds after which to try again, if known. */
  readonly retryAfter: number | undefined;
  /** The limit that was reached, if it was a counted one. */
  readonly limit: LimitName | undefined;

  /**
   * Constructs a refusal.
   *
   * @param kind Selects the answer.
   * @param message The rule or limit that decided, in one line.
   * @param options Further data for the answer.
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
 * Creates the refusal of new work during a shutdown.
 *
 * @returns A refusal of kind `draining`.
 */
export function drainRefusal(): Refusal {
  return new Refusal("draining", "Sluice is shutting down");
}
