/**
 * The codes of ended connections: names that never change, so that a filter of
 * the log does not depend on words.
 *
 * @module
 */

/** Why a connection was refused or failed: what figures count by. */
export const REFUSAL_CODES = {
  "rule": "A rule forbids the target",
  "guard": "The address guard forbids the target",
  "default": "No rule allows the target",
  "protocol": "The client broke the protocol, or spoke another one",
  "unauthenticated": "The client sent no credentials, or wrong ones",
  "banned": "The client's address is banned",
  "revoked": "A change of users, certificates or rules cut the open connection",
  "name-mismatch": "The name in the client's first bytes is not the target's",
  "draining": "Sluice is shutting down",
  "loop": "The connection came back to a listener that it had passed",
  "limit-reached": "A limit without its own name is reached",
  "connections": "`--max-connections` is reached",
  "connections-per-client": "`--max-connections-per-client` is reached",
  "connections-per-user": "`--max-connections-per-user` is reached",
  "associations": "The limit of UDP associations is reached",
  "associations-per-client": "The client has too many UDP associations",
  "connection-rate": "The client opens connections too fast",
  "password-checks": "Too many password checks are waiting",
  "quota": "The user's daily quota is used up",
  "dial-refused": "The target refused the connection",
  "dial-network-unreachable": "The target's network is unreachable",
  "dial-host-unreachable": "The target is unreachable",
  "dial-name-not-found": "The target's name does not exist",
  "dial-resolver-failed": "No name server answered",
  "dial-timeout": "The target did not answer in time",
  "dial-no-descriptors": "Sluice ran out of file descriptors",
  "dial-forbidden": "The system or a parent forbids the connection",
  "dial-parent-failed": "A parent failed",
  "dial-parent-timeout": "A parent did not answer in time",
  "dial-no-udp": "A parent on the way does not carry UDP",
  "dial-failed": "The target could not be reached for another reason",
  "other": "Another reason, in `reason`",
} as const;

/** How every other connection ended. */
export const END_CODES = {
  "answered": "An HTTP request got its whole answer",
  "client-closed": "The client closed first",
  "target-closed": "The target closed first",
  "closed": "Both sides closed",
  "client-reset": "The client reset the connection",
  "target-reset": "The target reset the connection",
  "client-lost": "The client's system no longer answered",
  "target-lost": "The target's system no longer answered",
  "client-left": "The client closed in the middle of a message",
  "answer-incomplete": "The target closed in the middle of its answer",
  "handshake-timeout": "The handshake took longer than `--handshake-timeout`",
  "idle-timeout": "No byte for the time of `--idle-timeout`",
  "half-close-timeout":
    "No byte for the time of `--half-close-timeout` after one side had closed",
  "drain-timeout": "Still open at the end of `--drain-timeout`",
  "timeout": "Another time limit passed",
  "shutdown": "Cut by the shutdown",
  "operator": "An operator ended it",
  "place-needed": "Sluice closed it to make room for another connection",
  "slow-reader": "The client read too slowly",
  "silent": "The client did not answer the hub's heartbeat",
  "tls-refused": "Sluice refused the client's TLS",
  "tls-left": "The client ended the TLS handshake",
  "reset-asked": "`sluice echo` reset it because of its options",
} as const;

/** One of {@linkcode REFUSAL_CODES}, or the status of an HTTP answer. */
export type RefusalCode = keyof typeof REFUSAL_CODES | `http-${number}`;

/** Why a connection ended, by a name that never changes. */
export type ConnectionCode = RefusalCode | keyof typeof END_CODES;

/**
 * Describes a code in words.
 *
 * @param code A code of a connection.
 * @returns For example `The target did not answer in time`; the code itself if
 *   it is none.
 */
export function describeCode(code: string): string {
  const words: Readonly<Record<string, string>> = {
    ...REFUSAL_CODES,
    ...END_CODES,
  };
  if (Object.hasOwn(words, code)) return words[code]!.replaceAll("`", "");
  const [, status] = /^http-(\d{3})$/.exec(code) ?? [];
  return status === undefined
    ? code
    : `The client got the HTTP status ${status}`;
}
