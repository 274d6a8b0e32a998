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
  /** What a password was proved by: another one when the password changes. */
  readonly proof?: string | undefined;
  /** The certificate as DER, and those that lead to an authority. */
  readonly certificates?: readonly Uint8Array[];
}
