/**
 * The common parts of SOCKS4 and SOCKS4a messages: version and codes. Each
 * message has a file of its own beside this one.
 *
 * @see {@link https://www.openssh.com/txt/socks4.protocol | SOCKS4}
 * @see {@link https://www.openssh.com/txt/socks4a.protocol | SOCKS4a}
 * @module
 */

/** `VN` field of a request (SOCKS4 §1). */
export const VERSION = 0x04;

/** `CD` field of a request. */
export const COMMAND = {
  /** SOCKS4 §1. */
  Connect: 0x01,
  /** SOCKS4 §2. */
  Bind: 0x02,
} as const;

/** `CD` field of a reply (SOCKS4 §1). */
export const REPLY = {
  Granted: 90,
  /** Also stands for every failure that has a code of its own in SOCKS5. */
  Rejected: 91,
} as const;

/** A reply code (SOCKS4 §1). */
export type Reply = typeof REPLY[keyof typeof REPLY];
