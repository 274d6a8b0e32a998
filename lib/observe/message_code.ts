/**
 * The codes of messages in the log: names that never change, so that a filter
 * of the log does not depend on words.
 *
 * @module
 */

/** What each message is about. */
export const MESSAGE_CODES = {
  "accept-paused": "Sluice cannot accept connections at the moment",
  "admin-ban-lifted": "An operator lifted a ban",
  "admin-asked-node": "An operator acted on another node of the fleet",
  "admin-client-banned": "An operator banned a client",
  "admin-connection-ended": "An operator ended connections",
  "admin-drain": "An operator began a drain",
  "admin-failed": "The admin API could not answer",
  "banner": "A line at the start; scripts should read the event `listening`",
  "capacity": "How many connections the memory limit has room for",
  "certificate-authority": "A server uses the certificate of an authority",
  "certificate-invalid": "A certificate has expired, or is not valid yet",
  "config-problem": "A problem in a file that was reloaded",
  "environment-unread": "Deno does not let Sluice read `SLUICE_USERS`",
  "file-not-reloaded":
    "A changed file has an error; Sluice keeps the old contents",
  "file-readable": "Other users of the machine can read a file with secrets",
  "file-reloaded": "A changed file is in force",
  "fleet-back": "Redis answers again: the machines count together",
  "fleet-ban-lifted": "An operator of another machine lifted a ban",
  "fleet-client-banned": "An operator of another machine banned a client",
  "fleet-lost": "Redis is away: each machine counts what it was granted",
  "guard-incomplete": "Deno does not let Sluice list the machine's addresses",
  "internal-error": "A bug in Sluice",
  "leaving": "Sluice received a signal; `--drain-delay` begins",
  "listener-cut": "Connections of a removed listener were cut",
  "listener-draining": "A removed listener still has connections",
  "log-lines-lost": "The reader of the log was too slow",
  "loop": "A listener leads to itself",
  "no-users": "The users file is empty: nobody can use the proxy",
  "nothing-to-reload": "Sluice received SIGHUP, but has no file to reload",
  "tunnels-cut": "A change of settings cut tunnels that it no longer allows",
  "parent-down": "A chain of parents failed its check",
  "parent-up": "It passes its check again",
  "pool-figures": "Totals of a pool, at the end",
  "quota-unwritten": "The quota file could not be written",
  "restart-needed": "A changed option needs a restart",
  "service-manager": "systemd could not be notified",
  "socket-mode": "The permissions of a Unix socket could not be changed",
  "stopped": "The program ended without cutting a connection",
  "stopped-cut": "The program ended, and cut or lost connections",
  "stopping": "Sluice received a signal; the drain begins",
  "tls-not-reloaded": "New TLS files have an error; Sluice keeps the old ones",
  "udp-figures": "Totals of the UDP echo, at the end",
  "upstream-down": "An upstream failed its check",
  "upstream-unverified":
    "`--insecure`: certificates of upstreams are not checked",
  "upstream-up": "It passes its check again",
  "user-attacked": "Many clients are guessing one user's password",
  "worker-back": "A new worker serves in place of one that ended",
  "worker-ended": "A worker ended; its connections are lost",
  "workers-differ": "A worker could not apply a change that others applied",
} as const;

/** What a message is about, by a name that never changes. */
export type MessageCode = keyof typeof MESSAGE_CODES;
