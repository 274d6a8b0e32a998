/**
 * A client's proven identity.
 *
 * @module
 */

/** A client that has proven its identity. */
export interface Identity {
  /** Name of the user, or the name in the certificate. */
  readonly name: string;
  /** Kind of proof. */
  readonly via: "password" | "certificate";
}
