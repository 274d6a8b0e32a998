/**
 * The common headings of the help.
 *
 * @module
 */

/** Headings in the order of the help. A command may add its own. */
export const GROUP = {
  listen: "Listen",
  users: "Who may use it",
  rules: "Where they may go",
  limits: "Limits",
  fleet: "Several machines as one",
  tls: "TLS of listeners",
  names: "Names and addresses",
  udp: "UDP and BIND",
  upstream: "Other proxies and upstreams",
  watch: "Watch it",
} as const;

/** Heading of the options that belong to no group. */
export const OTHER_OPTIONS = "Options";

const ORDER: readonly string[] = Object.values(GROUP);

/**
 * Sorts the headings of a help: the command's own, then those that commands
 * share, in the order of {@linkcode GROUP}.
 *
 * @param headings Headings in the order of the options.
 * @param hasOwn Whether {@linkcode OTHER_OPTIONS} has more than `--help` and
 *   `--version`; otherwise it comes last.
 */
export function sortHeadings(
  headings: Iterable<string>,
  hasOwn: boolean,
): string[] {
  const placeOf = (heading: string) => {
    if (heading !== OTHER_OPTIONS) return ORDER.indexOf(heading);
    return hasOwn ? -2 : ORDER.length;
  };
  return [...headings].sort((one, other) => placeOf(one) - placeOf(other));
}
