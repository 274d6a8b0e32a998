/**
 * Options as a file spells them: `"listen"`, not `--listen HOST:PORT`.
 *
 * @module
 */

import type { OptionTable } from "../cli/option.ts";

/**
 * Rewrites a text that is about options of a command line.
 *
 * @param text The text: a help or a message.
 * @param options Options that a file has; others stay as they are.
 * @param spell Spells the name of an option (default: as it is).
 * @returns The text for who looks at a file.
 */
export function spellForFile(
  text: string,
  options: OptionTable,
  spell: (name: string) => string = (name) => name,
): string {
  return text.replaceAll(
    /(?:Option )?--([a-z][a-z0-9-]*)( [^\s,;)]+)?/g,
    (all, name: string, next: string | undefined) => {
      const option = Object.hasOwn(options, name) ? options[name] : undefined;
      if (option === undefined) return all;
      const isPlaceholder = next === ` ${option.value}`;
      return `"${spell(name)}"${isPlaceholder ? "" : next ?? ""}`;
    },
  );
}
