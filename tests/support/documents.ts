/**
 * The documents for tests: README, the manual and the bench. Every fenced block
 * names its kind after its language.
 *
 * @module
 */

/** A document. */
export interface Document {
  /** Path from the root, for example `lib/manual/rules.md`. */
  path: string;
  text: string;
}

/** A fenced block of a document. */
export interface Block {
  /** Kind of the block. */
  kind: Kind;
  text: string;
  /** Path of its document and its first line, for example `README.md:31`. */
  where: string;
}

/** Kinds of blocks, by the text after the three backticks. */
const KINDS = {
  "sh": "commands",
  "sh run": "script",
  "jsonc config": "configuration",
  "ini fail2ban-filter": "fail2ban filter",
  "text fail2ban-jail": "fail2ban jail",
  "text logrotate": "logrotate",
  "yaml prometheus": "prometheus",
  "yaml workflow": "workflow",
  "text systemd": "unit",
  "text redis-user": "redis user",
  "text rules": "rules",
  "text grammar": "grammar of rules",
  "text log": "log",
  "text output": "output",
  "ts": "program",
} as const;

/** A kind of block. */
export type Kind = typeof KINDS[keyof typeof KINDS];

const ROOT = new URL("../../", import.meta.url);

/** The topics of the manual, by file name. */
export const TOPICS: readonly string[] = [
  ...Deno.readDirSync(new URL("lib/manual/", ROOT)),
].map(({ name }) => name).filter((name) => name.endsWith(".md")).toSorted();

/** All documents. */
export const DOCUMENTS: readonly Document[] = [
  "README.md",
  "scripts/bench/README.md",
  ...TOPICS.map((name) => `lib/manual/${name}`),
].map((path) => ({ path, text: Deno.readTextFileSync(new URL(path, ROOT)) }));

/**
 * Finds a document.
 *
 * @param path Path from the root.
 * @returns Its text.
 */
export function documentAt(path: string): string {
  return DOCUMENTS.find((document) => document.path === path)!.text;
}

/**
 * Reads the blocks of all documents.
 *
 * @returns The blocks, in order.
 * @throws {Error} If a block has an unknown kind.
 */
export function readBlocks(): Block[] {
  return DOCUMENTS.flatMap(({ path, text }) =>
    [...text.matchAll(/^```(.*)\n([^]*?)^```$/gm)].map((match) => {
      const [, info, block] = match;
      const line = text.slice(0, match.index).split("\n").length + 1;
      const where = `${path}:${line}`;
      if (Object.hasOwn(KINDS, info!)) {
        const kind = KINDS[info as keyof typeof KINDS];
        return { kind, text: block!, where };
      }
      throw new Error(
        `${where}: no test knows a block of '${info}': add it to KINDS of tests/support/documents.ts, and a test with the tool that reads it`,
      );
    })
  );
}

/** The blocks of a kind; at least one. */
export function blocksOf(kind: Kind): Block[] {
  const blocks = readBlocks().filter((block) => block.kind === kind);
  if (blocks.length === 0) throw new Error(`no document has ${kind}`);
  return blocks;
}

/**
 * Reads a table of a document.
 *
 * @param path The document's path from the root.
 * @param head First cells of the table's head, for example `code | meaning`.
 * @returns The cells of each row, without code marks.
 */
export function tableOf(path: string, head: string): string[][] {
  const lines = documentAt(path).split("\n");
  const start = lines.findIndex((line) =>
    line.replaceAll(/ +/g, " ").startsWith(`| ${head} |`)
  );
  if (start < 0) throw new Error(`${path} has no table '${head}'`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end).map((row) =>
    row.split(/(?<!\\)\|/).slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", "").replaceAll("\\|", "|"))
  );
}
