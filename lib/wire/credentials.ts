/**
 * User names and passwords on the wire.
 *
 * @module
 */

/** The credentials that a client sends. */
export interface Credentials {
  /** User name, read as UTF-8; in SOCKS5 it has 1 to 255 bytes. */
  username: string;
  /** Password; in SOCKS5 it has 0 to 255 bytes. */
  password: Uint8Array;
}
