/**
 * Who a client is, once that is proved.
 *
 * @module
 */

/** A client that has proved who it is. */
export interface Identity {
  /** Name of the user, or the one in the certificate. */
  readonly name: string;
  /** What it was proved by. */
  readonly via: "password" | "certificate";
  /** What a password was proved by: another one when the password changes. */
  readonly proof?: string | undefined;
  /** The certificate as DER, and those that lead to an authority. */
  readonly certificates?: readonly Uint8Array[];
}
