/**
 * Writes the options of the library's servers from the declarations of the
 * commands' options.
 *
 * @module
 */

import { helpOf, type Option } from "../../lib/cli/option.ts";
import type { ServerKind } from "../../lib/config/server_kinds.ts";
import { camelCase, spellForLibrary } from "../../lib/library/given_options.ts";

/** Longest line of a comment, in characters. */
const WIDTH = 76;

/** Fields for the words of `forward LISTEN UPSTREAM…`. */
const FORWARD_WORDS = `
  /** \`HOST:PORT\`: where to listen. More pairs stand in \`routes\`. */
  readonly listen?: string | number | undefined;

  /** \`HOST:PORT[,weight=N][,backup]\`: where to relay to, in order. */
  readonly upstreams?: string | readonly string[] | undefined;
`;

/**
 * Writes the module that declares the options of one server.
 *
 * @param kindName The command of the server, for example `proxy`.
 * @param kind The declarations of its options.
 * @returns The module, not formatted.
 */
export function optionInterface(
  kindName: string,
  kind: Pick<ServerKind, "options" | "words">,
): string {
  const name = `${kindName[0]!.toUpperCase()}${kindName.slice(1)}ServerOptions`;
  const members = Object.entries(kind.options).map(([name, option]) => {
    const help = spellForLibrary(helpOf(option), kind.options);
    const text = option.value === undefined
      ? capital(help)
      : `\`${option.value}\`: ${help}`;
    return `${comment(`${text}.`)}  readonly ${camelCase(name)}?: ${
      typeOf(option)
    } | undefined;\n`;
  });
  return `/**
 * The options of ${
    kindName === "echo" ? "an" : "a"
  } ${kindName} server. \`deno task docs\` writes this module from
 * the options of \`sluice ${kindName}\`; change them there.
 *
 * @module
 */

/** The options of \`sluice ${kindName}\`, with their names in camelCase. */
export interface ${name} {
${[...kind.words ? [FORWARD_WORDS] : [], ...members].join("\n")}}
`;
}

function typeOf(
  { choices, isNumeric, kind, many }: Option<unknown>,
): string {
  if (kind === "flag") return "boolean";
  if (choices !== undefined) {
    return choices.map((word) => JSON.stringify(word)).join(" | ");
  }
  // Durations and rates need a unit, unless they are 0.
  const one = kind === "duration" || kind === "rate"
    ? "string | 0"
    : isNumeric || kind === "count" || kind === "size"
    ? "string | number"
    : "string";
  return many ? `${one} | readonly string[]` : one;
}

function comment(text: string): string {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1)!;
    if (line.length + word.length < WIDTH - 4) {
      lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
    } else lines.push(word);
  }
  return lines.length === 1
    ? `  /** ${lines[0]} */\n`
    : `  /**\n${lines.map((line) => `   * ${line}\n`).join("")}   */\n`;
}

function capital(text: string): string {
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
