/**
 * Options as a file spells them: `"listen"`, not `--listen HOST:PORT`.
 *
 * @module
 */

import type { OptionTable } from "../cli/option.ts";

/**
 * Rewrites option names of a text for a file.
 *
 * @param text The text: a help or a message.
 * @param options Options that files have; others stay unchanged.
 * @param spell Spells the name of an option (default: unchanged).
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
