/**
 * The README as tests read it: its blocks, and what each of them is.
 *
 * @module
 */

/** A block of the README. */
export interface Block {
  /** What it is. */
  kind: Kind;
  /** Its text. */
  text: string;
  /** Its first line in the file, from 1. */
  line: number;
}

/** How blocks are told apart, the first that fits: language, and how it begins. */
const KINDS = {
  "commands": { language: "sh", start: /^/ },
  "configuration": { language: "jsonc", start: /^\{/ },
  "fail2ban filter": { language: "ini", start: /^\[Definition\]/ },
  "fail2ban jail": { language: "text", start: /^\[sluice\]/ },
  "logrotate": { language: "text", start: /^\/var\/log\// },
  "prometheus": { language: "yaml", start: /^scrape_configs:/ },
  "unit": { language: "text", start: /^\[Unit\]/ },
  "rules": {
    language: "text",
    start: /^(?:# \d\. .*\n)?(?:\w+: )?(?:allow|deny) /,
  },
  "grammar of rules": { language: "text", start: /^\[LABEL:\]/ },
  "output": {
    language: "text",
    start:
      /^(?:\d\d:\d\d:\d\d |\$ sluice |sluice\.jsonc:\d|NAME +FOR |Sent \d|The memory limit )/,
  },
} as const;

/** What a block can be. */
export type Kind = keyof typeof KINDS;

/** The text of the README. */
export const README: string = await Deno.readTextFile(
  new URL("../../README.md", import.meta.url),
);

/**
 * Reads the blocks of the README.
 *
 * @returns The blocks, in order.
 * @throws {Error} If one is nothing that is known: whoever writes it says what
 *   it is, and lets the tool that reads it check it.
 */
export function readBlocks(): Block[] {
  return [...README.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map((match) => {
    const [, language, text] = match;
    const line = README.slice(0, match.index).split("\n").length + 1;
    const found = Object.entries(KINDS).find(([, kind]) =>
      kind.language === language && kind.start.test(text!)
    );
    if (found === undefined) {
      throw new Error(
        `README.md:${line}: a block that no test knows: add it to KINDS of tests/support/readme.ts, and a test with the tool that reads it`,
      );
    }
    return { kind: found[0] as Kind, text: text!, line };
  });
}

/** The blocks of a kind; there is one at least. */
export function blocksOf(kind: Kind): Block[] {
  const blocks = readBlocks().filter((block) => block.kind === kind);
  if (blocks.length === 0) throw new Error(`README.md has no ${kind}`);
  return blocks;
}
