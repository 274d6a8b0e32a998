/**
 * The common parts of SOCKS5 messages: version, codes, errors. Each message has
 * a file of its own beside this one.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc1928 | RFC 1928}
 * @see {@link https://www.rfc-editor.org/rfc/rfc1929 | RFC 1929}
 * @module
 */

/** Version in every message except the credentials (RFC 1928 §3). */
export const VERSION = 0x05;

/** Authentication methods (RFC 1928 §3). */
export const METHOD = {
  NoAuthentication: 0x00,
  UsernamePassword: 0x02,
  /** Refuses all offered methods. */
  NoAcceptable: 0xff,
} as const;

/** An authentication method the proxy can choose (RFC 1928 §3). */
export type Method = typeof METHOD[keyof typeof METHOD];

/** `CMD` field of a request (RFC 1928 §4). */
export const COMMAND = {
  Connect: 0x01,
  Bind: 0x02,
  UdpAssociate: 0x03,
} as const;

/** `ATYP` field of requests and replies (RFC 1928 §5). */
export const ADDRESS_TYPE = {
  Ipv4: 0x01,
  DomainName: 0x03,
  Ipv6: 0x04,
} as const;

/** `REP` field of a reply (RFC 1928 §6). */
export const REPLY = {
  Succeeded: 0x00,
  GeneralFailure: 0x01,
  NotAllowedByRuleset: 0x02,
  NetworkUnreachable: 0x03,
  HostUnreachable: 0x04,
  ConnectionRefused: 0x05,
  TtlExpired: 0x06,
  CommandNotSupported: 0x07,
  AddressTypeNotSupported: 0x08,
} as const;

/** A reply code (RFC 1928 §6). */
export type Reply = typeof REPLY[keyof typeof REPLY];

/** A message that Sluice refuses, with the reply code for the refusal. */
export class Socks5Error extends Error {
  /** Value for the `REP` field (RFC 1928 §6). */
  readonly reply: Reply;

  /**
   * Constructs a refusal.
   *
   * @param reply Code for the client.
   * @param message Why, in one line.
   * @param options Cause of the refusal.
   */
  constructor(reply: Reply, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "Socks5Error";
    this.reply = reply;
  }
}

/**
 * Makes the refusal of a message that cannot be parsed.
 *
 * @param message Its name, for example `greeting`.
 * @param state What is wrong with it.
 */
export function malformed(message: string, state: string): Socks5Error {
  const why = `Cannot parse ${message}: ${state}`;
  return new Socks5Error(REPLY.GeneralFailure, why);
}
