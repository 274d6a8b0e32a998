/**
 * The options of an echo server. `deno task docs` writes this module from
 * the options of `sluice echo`; change them there.
 *
 * @module
 */

/** The options of `sluice echo`, with their names in camelCase. */
export interface EchoServerOptions {
  /**
   * `LISTEN`: where to listen: HOST:PORT, [IPV6]:PORT, :PORT (all
   * addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660] (default
   * 127.0.0.1:8080).
   */
  readonly listen?: string | number | readonly string[] | undefined;

  /** Send nothing back and throw away what arrives (RFC 863). */
  readonly discard?: boolean | undefined;

  /** Send endless lines of text and throw away what arrives (RFC 864). */
  readonly chargen?: boolean | undefined;

  /**
   * `DURATION`: delay each answer by this time; Sluice holds at most 1 MiB
   * for a client (default 0).
   */
  readonly delay?: string | 0 | undefined;

  /**
   * `SIZE`: write at most this many bytes at a time (default: as many as
   * arrived).
   */
  readonly chunk?: string | number | undefined;

  /**
   * `SIZE`: close after sending this many bytes back, or after throwing them
   * away with "discard"; 0 closes immediately.
   */
  readonly closeAfter?: string | number | undefined;

  /** `SIZE`: as "closeAfter", but with a reset (RST) instead of a clean end. */
  readonly resetAfter?: string | number | undefined;

  /** Also answer datagrams on the same port. */
  readonly udp?: boolean | undefined;

  /** Allow "udp" on an address that other machines can reach; needs "udp". */
  readonly open?: boolean | undefined;

  /**
   * `FILE`: speak TLS with this certificate chain (PEM); repeatable, each
   * with its "tlsKey"; Sluice shows the one for the name that the client
   * asks for, otherwise the first; needs "tlsKey".
   */
  readonly tlsCert?: string | readonly string[] | undefined;

  /**
   * `FILE`: the certificate's private key (PEM, not encrypted); needs
   * "tlsCert".
   */
  readonly tlsKey?: string | readonly string[] | undefined;

  /**
   * `FILE`: let in only clients with a certificate of these authorities
   * (PEM); they need no password; needs "tlsCert".
   */
  readonly tlsClientCa?: string | undefined;

  /**
   * `require|request`: whether clients must show a certificate or may come
   * without one (default require); needs "tlsClientCa".
   */
  readonly tlsClientAuth?: "require" | "request" | undefined;

  /**
   * `FILE`: revocation lists of these authorities (PEM); while a list is out
   * of date, Sluice lets nobody in; needs "tlsClientCa".
   */
  readonly tlsCrl?: string | undefined;

  /**
   * `DURATION`: time limit for the whole handshake; 0 disables it (default
   * 10s).
   */
  readonly handshakeTimeout?: string | 0 | undefined;

  /**
   * `DURATION`: time limit for a connection without traffic; 0 disables it
   * (default 10m).
   */
  readonly idleTimeout?: string | 0 | undefined;

  /**
   * `N`: most connections at the same time; fewer if the limit of file
   * descriptors is lower (default 20000, or what the memory limit allows).
   */
  readonly maxConnections?: string | number | undefined;

  /**
   * `N`: most connections from one address (IPv6: one /64); 0 disables the
   * limit (default 1000; 0 on a loopback address).
   */
  readonly maxConnectionsPerClient?: string | number | undefined;

  /**
   * `N`: connections that the system queues for each TCP listener until
   * Sluice accepts them; Linux caps it at net.core.somaxconn (default 4096).
   */
  readonly backlog?: string | number | undefined;
}
