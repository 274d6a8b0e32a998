/**
 * The options of a forward server. `deno task docs` writes this module from
 * the options of `sluice forward`; change them there.
 *
 * @module
 */

/** The options of `sluice forward`, with their names in camelCase. */
export interface ForwardServerOptions {
  /** `HOST:PORT`: where to listen. More pairs stand in `routes`. */
  readonly listen?: string | number | undefined;

  /** `HOST:PORT[,weight=N][,backup]`: where to relay to, in order. */
  readonly upstreams?: string | readonly string[] | undefined;

  /**
   * `LISTEN UPSTREAM…`: where to listen and where to relay to: HOST:PORT,
   * [IPV6]:PORT, PORT (on 127.0.0.1), :PORT (listen on all addresses) or
   * unix:PATH; an upstream can be tls://HOST:PORT and end in ,weight=N and
   * ,backup. Or several pairs LISTEN=UPSTREAM.
   */
  readonly routes?: string | number | readonly string[] | undefined;

  /**
   * `NAME=UPSTREAM`: relay TLS clients that ask for this server name to
   * another upstream, without decrypting; *.NAME stands for every name below
   * it; repeatable, also with the same name. Other clients go to UPSTREAM,
   * or are refused if there is none.
   */
  readonly sni?: string | readonly string[] | undefined;

  /**
   * `off|ahead|reuse`: keep connections ready: ahead dials them in advance,
   * one for each client; reuse gives connections that clients have finished
   * with to other clients, for protocols without a session (default off).
   */
  readonly pool?: "off" | "ahead" | "reuse" | undefined;

  /**
   * `N`: connections to keep ready for each upstream; 0 keeps none; needs
   * "pool" ahead or reuse (default 0).
   */
  readonly poolSize?: string | number | undefined;

  /**
   * `DURATION`: how long a ready connection may stay unused; 0 disables the
   * limit; needs "pool" ahead or reuse (default 1m).
   */
  readonly poolIdleTimeout?: string | 0 | undefined;

  /**
   * `DURATION`: greatest age of a connection that a client gets; 0 disables
   * the limit; needs "pool" ahead or reuse (default 10m).
   */
  readonly poolMaxAge?: string | 0 | undefined;

  /**
   * `DURATION`: how long the upstream must be silent after a client has left
   * before the next client gets the connection (reuse); needs "pool" ahead
   * or reuse (default 50ms).
   */
  readonly poolSettle?: string | 0 | undefined;

  /**
   * The upstream sends first, as in SMTP: connect before the client sends
   * anything, and keep the greeting of a ready connection for its client
   * (ahead); needs "pool" ahead or reuse.
   */
  readonly serverSpeaksFirst?: boolean | undefined;

  /**
   * `first|round-robin|least-connections|random|source`: which of several
   * upstreams Sluice takes next; random takes the less busy of two (default
   * round-robin).
   */
  readonly balance?:
    | "first"
    | "round-robin"
    | "least-connections"
    | "random"
    | "source"
    | undefined;

  /**
   * `DURATION`: how often to check that each upstream accepts connections; 0
   * disables the checks: Sluice then learns it from clients' connections
   * (default 0).
   */
  readonly checkInterval?: string | 0 | undefined;

  /** `DURATION`: time limit for a check; needs "checkInterval" (default 2s). */
  readonly checkTimeout?: string | 0 | undefined;

  /** `N`: successes in a row that mark an upstream as up (default 2). */
  readonly rise?: string | number | undefined;

  /** `N`: failures in a row that mark an upstream as down (default 3). */
  readonly fall?: string | number | undefined;

  /**
   * `DURATION`: without checks: how often a client's connection tries an
   * upstream that is down; an only upstream is always tried (default 10s).
   */
  readonly retryAfter?: string | 0 | undefined;

  /**
   * `DURATION`: how long an upstream that has come up gets less than its
   * share; needs "checkInterval" (default 0).
   */
  readonly slowStart?: string | 0 | undefined;

  /**
   * `v1|v2`: send the client's address to the target in a PROXY protocol
   * header (default: send none).
   */
  readonly sendProxy?: "v1" | "v2" | undefined;

  /**
   * `FILE`: file of rules, one a line; the first that matches decides; see
   * 'sluice help rules'.
   */
  readonly rules?: string | undefined;

  /**
   * `RULE`: a rule to try before the file's, such as 'deny name
   * *.ads.example' or 'default deny'; repeatable.
   */
  readonly rule?: string | readonly string[] | undefined;

  /**
   * `enforce|report`: report lets through what the rules would deny, and
   * logs and counts it (would-deny); the address guard still holds; needs
   * "rules" or "rule" (default enforce).
   */
  readonly rulesMode?: "enforce" | "report" | undefined;

  /**
   * `cut|keep`: whether a change of users, certificates or rules ends the
   * open tunnels that it would refuse (default cut).
   */
  readonly onChange?: "cut" | "keep" | undefined;

  /**
   * `URL,…`: go through another proxy, or through several in a row: socks5,
   * socks5h, socks4, socks4a, http or https://[NAME:PASSWORD@]HOST[:PORT];
   * repeatable: if one fails, Sluice takes the next. env:NAME reads it from
   * the environment, which keeps the password secret.
   */
  readonly via?: string | readonly string[] | undefined;

  /**
   * `first|round-robin|least-connections|random|source`: which of several
   * chains Sluice takes next; needs "via" (default first).
   */
  readonly viaBalance?:
    | "first"
    | "round-robin"
    | "least-connections"
    | "random"
    | "source"
    | undefined;

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
   * `NAME,…|upstream`: protocols that Sluice offers by ALPN, the preferred
   * first, such as h2,http/1.1; 'upstream' lets the tls:// upstream choose
   * from the client's list (default: no ALPN); needs "tlsCert".
   */
  readonly tlsAlpn?: string | readonly string[] | undefined;

  /**
   * `FILE`: authorities (PEM) that sign the upstreams' certificates, or
   * those certificates themselves (default: the system's authorities).
   */
  readonly upstreamCa?: string | undefined;

  /**
   * `FILE`: certificate chain (PEM) to show to upstreams; needs
   * "upstreamKey".
   */
  readonly upstreamCert?: string | undefined;

  /**
   * `FILE`: the certificate's private key (PEM, not encrypted); needs
   * "upstreamCert".
   */
  readonly upstreamKey?: string | undefined;

  /**
   * `NAME`: server name to ask upstreams for and to expect in their
   * certificates (default: their host).
   */
  readonly upstreamName?: string | undefined;

  /**
   * Accept any certificate of an upstream: anyone on the way can read and
   * change everything.
   */
  readonly insecure?: boolean | undefined;

  /**
   * `DURATION`: time limit for connecting to an upstream; 0 disables it
   * (default 10s).
   */
  readonly connectTimeout?: string | 0 | undefined;

  /**
   * `ADDRESS[:PORT]`: name server to ask instead of the system and its
   * /etc/hosts; repeatable: if one fails, Sluice asks the next.
   */
  readonly dns?: string | readonly string[] | undefined;

  /**
   * `N`: names to keep in the cache for as long as their records allow; 0
   * disables the cache (default 4096).
   */
  readonly dnsCache?: string | number | undefined;

  /**
   * `system|ipv4|ipv6|only-ipv4|only-ipv6`: which addresses of a name to try
   * first; only-ipv4 and only-ipv6 try no others (default system).
   */
  readonly prefer?:
    | "system"
    | "ipv4"
    | "ipv6"
    | "only-ipv4"
    | "only-ipv6"
    | undefined;

  /**
   * `ADDRESS`: address of this machine to connect from; once for IPv4 and
   * once for IPv6 (default: the system chooses).
   */
  readonly bind?: string | readonly string[] | undefined;

  /**
   * `required|optional`: read a PROXY protocol header (version 1 or 2)
   * before each connection; its client address counts for rules, limits,
   * bans and the log (default: read none).
   */
  readonly acceptProxy?: "required" | "optional" | undefined;

  /**
   * `CIDR,…`: addresses of the load balancers whose headers Sluice believes;
   * repeatable. It refuses others (required) or takes them for clients
   * (optional); needs "acceptProxy".
   */
  readonly acceptProxyFrom?: string | readonly string[] | undefined;

  /**
   * `on|all|off`: on: when one side resets the connection (RST), reset the
   * other after the last byte; all: also reset both sides when Sluice cuts a
   * tunnel (time limit, kill, drain, quota); off: close the other side
   * normally. Linux only; from source it needs --allow-ffi (default on).
   */
  readonly resetRelay?: "on" | "all" | "off" | undefined;

  /**
   * `N`: most connections of one user at the same time; 0 disables the limit
   * (default 0).
   */
  readonly maxConnectionsPerUser?: string | number | undefined;

  /**
   * `N/s`: new connections per second from one address (IPv6: one /64); N/m
   * is per minute, N/h per hour; 0 disables the limit (default 0).
   */
  readonly connectionRate?: string | 0 | undefined;

  /**
   * `N`: new connections that may arrive together after a pause (default the
   * N of "connectionRate"); needs "connectionRate".
   */
  readonly connectionBurst?: string | number | undefined;

  /**
   * `RATE`: bytes per second of one connection in each direction, such as
   * 64KB, 10MB, 1GB, or UP:DOWN; 0 disables the limit (default 0).
   */
  readonly ratePerConnection?: string | 0 | undefined;

  /**
   * `RATE`: bytes per second of one user in each direction, such as 64KB,
   * 10MB, 1GB, or UP:DOWN; 0 disables the limit (default 0).
   */
  readonly ratePerUser?: string | 0 | undefined;

  /**
   * `RATE`: bytes per second of all connections together in each direction,
   * such as 64KB, 10MB, 1GB, or UP:DOWN; 0 disables the limit (default 0).
   */
  readonly rateTotal?: string | 0 | undefined;

  /**
   * `DURATION`: after a pause, bytes for this much time at the full rate
   * pass without delay; at least 10ms; needs "ratePerConnection" or
   * "ratePerUser" or "rateTotal" (default 100ms).
   */
  readonly rateBurst?: string | 0 | undefined;

  /**
   * `SIZE`: bytes that one user may transfer in a day, both directions
   * together; 0 disables the limit (default 0).
   */
  readonly quotaPerUser?: string | number | undefined;

  /**
   * `FILE`: file that keeps the day's counts across restarts; Sluice writes
   * it every 5 seconds and when it stops; needs "quotaPerUser".
   */
  readonly quotaFile?: string | undefined;

  /**
   * `ZONE`: time zone whose midnight starts a new day, such as
   * Europe/Berlin; needs "quotaPerUser" (default UTC).
   */
  readonly quotaZone?: string | undefined;

  /**
   * `DURATION`: time limit for the whole handshake; 0 disables it (default
   * 10s).
   */
  readonly handshakeTimeout?: string | 0 | undefined;

  /**
   * `DURATION`: time limit for a tunnel without traffic; 0 disables it
   * (default 10m).
   */
  readonly idleTimeout?: string | 0 | undefined;

  /**
   * `DURATION`: when one direction has ended: time limit for the other
   * without traffic; 0 ends it immediately (default 30s).
   */
  readonly halfCloseTimeout?: string | 0 | undefined;

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

  /**
   * `DURATION`: at shutdown: time limit for clients that have just connected
   * to send their request; 0 closes them immediately (default 1s).
   */
  readonly shutdownGrace?: string | 0 | undefined;
}
