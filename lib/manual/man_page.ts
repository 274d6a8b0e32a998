/**
 * The manual page `sluice(1)`.
 *
 * @module
 */

import type { DescribedCommand } from "../cli/completion/described.ts";
import { spellOption } from "../cli/help.ts";
import { helpOf } from "../cli/option.ts";
import type { Topic } from "./topics.ts";

/** Options for {@linkcode formatManPage}. */
export interface ManPageOptions {
  /** Version of the program. */
  version: string;
  /** All commands. */
  commands: readonly DescribedCommand[];
  /** The topics of the manual. */
  topics: readonly Topic[];
}

/** The environment variables. */
const ENVIRONMENT: readonly (readonly [name: string, text: string])[] = [
  [
    "SLUICE_USERS",
    "users of the proxy, NAME:PASSWORD separated by white space",
  ],
  ["SLUICE_ADMIN_TOKEN", "the token that the admin API asks for"],
  ["NO_COLOR", "if it is set, Sluice prints no colours"],
  ["PAGER", "the program that shows long help on a terminal (default less)"],
];

/** What the exit codes mean. */
const EXIT_CODES: readonly (readonly [code: string, text: string])[] = [
  ["0", "success; a server stopped and cut no connection"],
  ["1", "failure; a server cut connections when it stopped"],
  ["2", "a wrong command line or configuration"],
];

/**
 * Writes the manual page.
 *
 * @param options Its contents.
 * @returns The page in roff, with the macros of man(7).
 */
export function formatManPage(options: ManPageOptions): string {
  const { commands, topics, version } = options;
  return [
    `.TH SLUICE 1 "" ${quoted(`sluice ${version}`)} "User Commands"`,
    ".SH NAME",
    String
      .raw`sluice \- SOCKS5, SOCKS4 and HTTP proxy, TCP relay, hub and echo server`,
    ".SH SYNOPSIS",
    ...["[OPTIONS]", "COMMAND [OPTIONS]", "help [COMMAND | TOPIC]"]
      .flatMap((words) => [".B sluice", escaped(words), ".br"]),
    ".SH DESCRIPTION",
    "Without a command, Sluice is a proxy on 127.0.0.1:1080 for programs on this machine.",
    ".SH COMMANDS",
    ...commands.flatMap(({ brief, name }) => entry(name, brief)),
    ...commands.flatMap(commandSection),
    ".SH ENVIRONMENT",
    ...ENVIRONMENT.flatMap(([name, text]) => entry(name, text)),
    ".SH EXIT STATUS",
    ...EXIT_CODES.flatMap(([code, text]) => entry(code, text)),
    ".SH TOPICS",
    String.raw`\fBsluice help \fITOPIC\fR prints one of these.`,
    ...topics.flatMap(({ brief, name }) => entry(name, brief)),
    "",
  ].join("\n");
}

function commandSection({ name, options }: DescribedCommand): string[] {
  const rows = Object.entries(options).map(([option, declaration]) =>
    entry(spellOption(option, declaration), helpOf(declaration))
  );
  return [`.SH ${quoted(`OPTIONS OF ${name.toUpperCase()}`)}`, ...rows.flat()];
}

/** A term and its description. */
function entry(term: string, text: string): string[] {
  return [".TP", String.raw`\fB${escaped(term)}\fR`, escaped(text)];
}

/** Text escaped for roff, with hyphens that can be copied. */
function escaped(text: string): string {
  return text.replaceAll("\\", String.raw`\e`).replaceAll("-", String.raw`\-`)
    .replace(/^[.']/, String.raw`\&$&`);
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('"', String.raw`\(dq`)}"`;
}
