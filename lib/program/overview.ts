/**
 * The text of `sluice --help`: one screen for new users.
 *
 * @module
 */

import { formatRows, spellOption } from "../cli/help.ts";
import type { OptionTable } from "../cli/option.ts";
import type { Screen } from "../cli/screen.ts";

/** The commands that people use most. */
const COMMON_COMMANDS = [
  ["forward", "relay a port to fixed upstreams"],
  ["exec -- COMMAND", "run a command that reaches only what rules allow"],
  ["run -c FILE", "run several servers from one file"],
  ["passwd NAME", "make a line of a users file"],
  ["doctor", "check this machine and these options"],
] as const;

/** The options of the proxy that people use most. */
export const COMMON_PROXY_OPTIONS: readonly (readonly [string, string])[] = [
  ["listen", "where to listen (default 127.0.0.1:1080)"],
  ["users", "let only the users of this file in"],
  ["open", "let everyone in, also on a public address"],
  ["rules", "where clients may go, one rule a line"],
  ["via", "go through another proxy"],
  ["tls-cert", "speak TLS to clients"],
  ["max-connections", "limit the number of open connections"],
  ["admin", "serve a page, metrics and an API"],
  ["log", "format of the log"],
  ["help", "print this"],
];

const MORE = [
  "sluice proxy --help    all options of the proxy",
  "sluice COMMAND --help  options of a command",
  "sluice help            all commands, and topics such as rules and tls",
];

/**
 * Formats the overview.
 *
 * @param screen The terminal.
 * @returns At most 24 lines of 80 columns.
 */
export function formatOverview(proxy: OptionTable, screen: Screen): string {
  const options = COMMON_PROXY_OPTIONS.map(([name, brief]) =>
    [spellOption(name, proxy[name]!), brief] as const
  );
  const rest = Object.keys(proxy).length - options.length;
  return [
    "Usage: sluice [OPTIONS]          a SOCKS5, SOCKS4 and HTTP proxy",
    ...formatRows("Commands", COMMON_COMMANDS, screen),
    ...formatRows(`Options (and ${rest} more)`, options, screen),
    "",
    ...MORE,
  ].join("\n");
}
