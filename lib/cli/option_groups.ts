/**
 * The headings of the help, under which options of all commands stand.
 *
 * @module
 */

/** Headings; what has none of them has one of its command's own. */
export const GROUP = {
  listen: "Listen",
  users: "Who may use it",
  rules: "Where they may go",
  limits: "Limits",
  tls: "TLS of listeners",
  names: "Names and addresses",
  upstream: "Other proxies and upstreams",
  watch: "Watch it",
} as const;
