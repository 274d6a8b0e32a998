/**
 * The options of a proxy server. `deno task docs` writes this module from
 * the options of `sluice proxy`; change them there.
 *
 * @module
 */

/** The options of `sluice proxy`, with their names in camelCase. */
export interface ProxyServerOptions {
  /**
   * `HOST:PORT`: where to listen; also [IPV6]:PORT, :PORT (all addresses),
   * PORT (on 127.0.0.1) or unix:PATH[,mode=660]; repeatable (default
   * 127.0.0.1:1080).
   */
  readonly listen?: string | number | readonly string[] | undefined;

  /**
   * `NAME:PASSWORD`: let only these users in; repeatable. Everyone on this
   * machine can see it in the process list; the variable SLUICE_USERS
   * (NAME:PASSWORD, separated by spaces) keeps it secret.
   */
  readonly user?: string | readonly string[] | undefined;

  /**
   * `FILE`: let in the users of this file and of "user" only; 'sluice passwd
   * NAME' makes its lines; Sluice rereads it when it changes.
   */
  readonly users?: string | undefined;

  /**
   * `DURATION`: how long Sluice remembers a correct password instead of
   * hashing it again; 0 disables it; needs "users" (default 5m).
   */
  readonly authCache?: string | 0 | undefined;

  /**
   * `N`: wrong passwords from one address (IPv6: one /64) that ban it; 0
   * disables bans (default 10).
   */
  readonly banAfter?: string | number | undefined;

  /**
   * `DURATION`: the time within which wrong passwords count together; needs
   * "banAfter" (default 2m).
   */
  readonly banWindow?: string | 0 | undefined;

  /**
   * `DURATION`: length of the first ban; each further ban lasts twice as
   * long; needs "banAfter" (default 1m).
   */
  readonly banTime?: string | 0 | undefined;

  /**
   * `DURATION`: length of the longest ban; each ban-free period of this
   * length halves the next ban; needs "banAfter" (default 15m).
   */
  readonly banTimeMax?: string | 0 | undefined;

  /**
   * Let everyone use the proxy, even on an address that other machines can
   * reach.
   */
  readonly open?: boolean | undefined;

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
   * `off|report|require`: compare the name that a tunnel's first bytes show
   * with the one asked for: report logs and counts a mismatch, require
   * refuses it; see 'sluice help check-names' (default off).
   */
  readonly checkNames?: "off" | "report" | "require" | undefined;

  /**
   * On an address that other machines can reach, also connect to loopback,
   * link-local, private and other special addresses.
   */
  readonly allowPrivate?: boolean | undefined;

  /**
   * `LIST`: protocols that clients may speak, separated by commas (default
   * socks5,socks4,http).
   */
  readonly protocols?: string | undefined;

  /**
   * `DURATION`: time limit for connecting to the target; 0 disables it
   * (default 10s).
   */
  readonly connectTimeout?: string | 0 | undefined;

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
   * `DURATION`: time limit for the peer of a BIND to connect; 0 disables it;
   * needs "protocols" socks5 or socks4 (default 1m).
   */
  readonly bindTimeout?: string | 0 | undefined;

  /**
   * `ADDRESS`: address that clients send UDP to, if it differs from the one
   * they connect to (behind NAT); needs "protocols" socks5.
   */
  readonly udpAdvertise?: string | undefined;

  /**
   * `A-B`: first and last port for UDP (default any); needs "protocols"
   * socks5.
   */
  readonly udpPorts?: string | undefined;

  /**
   * `DURATION`: time limit for a UDP association without a datagram; 0
   * disables it; needs "protocols" socks5 (default 2m).
   */
  readonly udpIdleTimeout?: string | 0 | undefined;

  /**
   * `N`: most UDP associations at the same time; needs "protocols" socks5
   * (default 1000).
   */
  readonly maxUdpAssociations?: string | number | undefined;

  /**
   * `N`: most UDP associations at the same time from one client; 0 is no
   * limit; needs "protocols" socks5 (default 64).
   */
  readonly maxUdpAssociationsPerClient?: string | number | undefined;

  /**
   * Send the client's address to the target of HTTP requests
   * (X-Forwarded-For); needs "protocols" http.
   */
  readonly forwardedFor?: boolean | undefined;

  /**
   * `URL,…`: go through another proxy, or through several in a row: socks5,
   * socks5h, socks4, socks4a, http or https://[NAME:PASSWORD@]HOST[:PORT];
   * repeatable: if one fails, Sluice takes the next. env:NAME reads it from
   * the environment, which keeps the password secret.
   */
  readonly via?: string | readonly string[] | undefined;

  /**
   * `first|round-robin|least-connections|random|source`: which of several
   * chains Sluice takes next; needs "via" or "parent" (default first).
   */
  readonly viaBalance?:
    | "first"
    | "round-robin"
    | "least-connections"
    | "random"
    | "source"
    | undefined;

  /**
   * `NAME=URL,…`: parents for rules with 'via NAME'; repeatable, also with
   * the same name: if one fails, Sluice takes the next.
   */
  readonly parent?: string | readonly string[] | undefined;

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
   * Accept any certificate of an upstream: anyone on the way can read and
   * change everything.
   */
  readonly insecure?: boolean | undefined;

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
   * `v1|v2`: send the client's address to the target in a PROXY protocol
   * header (default: send none).
   */
  readonly sendProxy?: "v1" | "v2" | undefined;

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
