/**
 * The common headings of the help.
 *
 * @module
 */

/** Headings. An option with another heading has one of its command's own. */
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
