/**
 * The codes of messages in the log: names that never change, so that a filter
 * of the log does not depend on words.
 *
 * @module
 */

/** What each message is about. */
export const MESSAGE_CODES = {
  "accept-paused": "The system gives no more connections for the moment",
  "admin-ban-lifted": "An operator lifted a ban",
  "admin-asked-node": "An operator acted on another node of the fleet",
  "admin-client-banned": "An operator banned a client",
  "admin-connection-ended": "An operator ended connections",
  "admin-drain": "An operator began a drain",
  "admin-failed": "The admin API could not answer",
  "banner": "A line at the start; scripts read the event `listening`",
  "capacity": "How many connections the memory limit has room for",
  "certificate-authority": "A server's certificate is that of an authority",
  "certificate-invalid": "A certificate has expired, or is not valid yet",
  "config-problem": "A problem in a file that was reloaded",
  "environment-unread": "Deno may not read `SLUICE_USERS`",
  "file-not-reloaded":
    "A changed file has a fault; the old text stays in force",
  "file-readable": "Other users of the machine can read a file with secrets",
  "file-reloaded": "A changed file is in force",
  "fleet-back": "Redis answers again: the machines count together",
  "fleet-ban-lifted": "An operator of another machine lifted a ban",
  "fleet-client-banned": "An operator of another machine banned a client",
  "fleet-lost": "Redis is away: each machine counts what it was granted",
  "guard-incomplete": "Deno may not list the addresses of the machine",
  "internal-error": "A fault in Sluice itself",
  "leaving": "A signal came: the time of `--drain-delay` begins",
  "listener-cut": "Connections of a removed listener were cut",
  "listener-draining": "A removed listener still has connections",
  "log-lines-lost": "The reader of the log was too slow",
  "loop": "A listener leads to itself",
  "no-users": "The users file is empty: nobody can use the proxy",
  "nothing-to-reload": "SIGHUP came, and there is no file to read",
  "tunnels-cut": "A change cut the open tunnels that it refuses",
  "parent-down": "A chain of parents failed its check",
  "parent-up": "It passes its check again",
  "pool-figures": "What a pool did, at the end",
  "quota-unwritten": "The quota file could not be written",
  "restart-needed": "An option changed that only a restart applies",
  "service-manager": "systemd could not be notified",
  "socket-mode": "The permissions of a Unix socket could not be changed",
  "stopped": "The program ended without cutting a connection",
  "stopped-cut": "The program ended and cut or lost connections",
  "stopping": "A signal came: the drain begins",
  "tls-not-reloaded": "New TLS files have a fault; the old ones stay in force",
  "udp-figures": "What the UDP echo did, at the end",
  "upstream-down": "An upstream failed its check",
  "upstream-unverified":
    "`--insecure`: certificates of upstreams are not checked",
  "upstream-up": "It passes its check again",
  "user-attacked": "Many clients guess one user's password",
  "worker-back": "A new worker serves in place of one that ended",
  "worker-ended": "A worker ended; its connections are lost",
  "workers-differ": "One worker did not take a change that others took",
} as const;

/** What a message is about, by a name that never changes. */
export type MessageCode = keyof typeof MESSAGE_CODES;
