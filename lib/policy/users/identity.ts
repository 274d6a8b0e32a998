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
  /** Text that changes when the user's password changes; only for passwords. */
  readonly proof?: string | undefined;
  /** The certificate and those up to an authority, as DER. */
  readonly certificates?: readonly Uint8Array[];
}
