import { assert, assertEquals } from "@std/assert";
import { documentAt } from "../support/documents.ts";

const ROOT = new URL("../../", import.meta.url);

/** Files that a reader opens to follow one connection, at most. */
const MOST_FILES = 12;

/** The section of the manual that lists them. */
function readSection(): string {
  const topic = documentAt("lib/manual/development.md");
  const [, section] = topic.split("### The way of one connection\n");
  return section!.split("\n## ")[0]!;
}

/** The modules that a file imports, as paths from the root. */
function importsOf(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  return [...text.matchAll(/ from "(\.[^"]+)"/g)].map(([, specifier]) =>
    new URL(specifier!, new URL(path, ROOT)).href.slice(ROOT.href.length)
  );
}

Deno.test("the manual lists the files of one connection in the order of its way", () => {
  const [text, table] = readSection().split("\n| step", 2);
  const [joining, way] = [text!, table!].map((part) =>
    [...part.matchAll(/`(lib\/\S+\.ts)`/g)].map(([, path]) => path!)
  );
  assert(way!.length <= MOST_FILES, `${way!.length} files`);
  assertEquals(new Set(way).size, way!.length);
  const reached = new Set(joining!.flatMap(importsOf));
  for (const path of way!) {
    assert(reached.has(path), `no file above ${path} imports it`);
    for (const imported of importsOf(path)) reached.add(imported);
  }
});
