/**
 * The options of a hub server. `deno task docs` writes this module from
 * the options of `sluice hub`; change them there.
 *
 * @module
 */

/** The options of `sluice hub`, with their names in camelCase. */
export interface HubServerOptions {
  /**
   * `[LISTEN…]`: where to listen: HOST:PORT, [IPV6]:PORT, :PORT (all
   * addresses), PORT (on 127.0.0.1) or unix:PATH[,mode=660] (default
   * 127.0.0.1:7000).
   */
  readonly listen?: string | number | readonly string[] | undefined;

  /**
   * `HOST:PORT`: where to serve browsers (or unix:PATH for a gateway):
   * WebSocket, and a page to read and write; repeatable (default: not
   * served).
   */
  readonly ws?: string | number | readonly string[] | undefined;

  /**
   * `ORIGIN`: let pages of this origin connect, such as https://example.com;
   * repeatable. The hub's own page needs it only if people open it by a host
   * name; needs "ws".
   */
  readonly wsOrigin?: string | readonly string[] | undefined;

  /**
   * Let everyone use the hub, even on an address that other machines can
   * reach.
   */
  readonly open?: boolean | undefined;

  /**
   * `line|length32|json`: how messages of TCP clients are separated: lines,
   * a 4-byte length (big-endian) before each, or one JSON value per line
   * (default line).
   */
  readonly frame?: "line" | "length32" | "json" | undefined;

  /**
   * `BYTES`: greatest size of a message in bytes, also as 64KiB (default
   * 65536).
   */
  readonly maxMessage?: string | number | undefined;

  /** Put the sender's name before each message. */
  readonly names?: boolean | undefined;

  /** `N`: most messages that wait for one client (default 1000). */
  readonly queue?: string | number | undefined;

  /**
   * `BYTES`: most bytes of messages that wait for one client, also as 4MiB
   * (default 4194304).
   */
  readonly queueBytes?: string | number | undefined;

  /**
   * `drop-oldest|drop-newest|disconnect`: when a client is too slow: drop
   * the oldest messages, drop new ones until it has caught up (Sluice tells
   * it in both cases), or disconnect it (default drop-oldest).
   */
  readonly slow?: "drop-oldest" | "drop-newest" | "disconnect" | undefined;

  /**
   * `DURATION`: silence after which Sluice asks a client for a sign of life;
   * after three without one it closes the connection; 0 disables it (default
   * 30s).
   */
  readonly heartbeat?: string | 0 | undefined;

  /** `N`: earlier messages of a room that newcomers get (default 0). */
  readonly history?: string | number | undefined;

  /**
   * `DURATION`: how long a room keeps its history after the last client has
   * left; 0 drops it then. An empty room gives its place within "maxRooms"
   * to a new one; needs "history" (default 1h).
   */
  readonly historyTime?: string | 0 | undefined;

  /**
   * `N`: messages and commands per second of one client; Sluice reads a
   * faster client more slowly; 0 disables the limit (default 1000).
   */
  readonly ratePerClient?: string | number | undefined;

  /**
   * `N`: most rooms at the same time, including empty ones that keep a
   * history (default 100).
   */
  readonly maxRooms?: string | number | undefined;

  /**
   * `DURATION`: time limit for a browser's request; 0 disables it (default
   * 10s).
   */
  readonly handshakeTimeout?: string | 0 | undefined;

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
