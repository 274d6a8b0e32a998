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
}
