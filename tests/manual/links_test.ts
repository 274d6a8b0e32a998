import { assert } from "@std/assert";
import { DOCUMENTS, TOPICS } from "../support/documents.ts";

const ROOT = new URL("../../", import.meta.url);

/** Lines that a document may have. */
const MOST_LINES = { "README.md": 300, "lib/manual/": 250 } as const;

/** How forges make an anchor out of a heading. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

function withoutBlocks(text: string): string {
  return text.replaceAll(/^```[^]*?^```$/gm, "");
}

function anchorsOf(text: string): string[] {
  return [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)]
    .map(([, heading]) => anchorOf(heading!));
}

for (const { path, text } of DOCUMENTS) {
  Deno.test(`${path} links to what is there`, () => {
    for (const [, to] of withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (to!.startsWith("https://")) continue;
      const url = new URL(to!, new URL(path, ROOT));
      const anchor = url.hash.slice(1);
      url.hash = "";
      assert(Deno.statSync(url).isFile, to);
      if (anchor === "") continue;
      assert(anchorsOf(Deno.readTextFileSync(url)).includes(anchor), to);
    }
  });
}

for (const { path, text } of DOCUMENTS) {
  Deno.test(`${path} names files that are there`, () => {
    const named = text.matchAll(
      /(?<![\w/.])(?:lib|scripts|tests)\/[\w/]+\.\w+/g,
    );
    for (const [file] of named) {
      assert(Deno.statSync(new URL(file, ROOT)).isFile, file);
    }
  });
}

for (const { path, text } of DOCUMENTS) {
  const most = Object.entries(MOST_LINES)
    .find(([start]) => path.startsWith(start))?.[1];
  if (most === undefined) continue;
  Deno.test(`${path} has ${most} lines at most`, () => {
    const { length } = text.trimEnd().split("\n");
    assert(length <= most, `${length} lines`);
  });
}

for (const { path, text } of DOCUMENTS) {
  if (!path.startsWith("lib/manual/")) continue;
  Deno.test(`${path} says what it is for, then shows an example`, () => {
    const [title, , first] = text.split("\n");
    assert(/^# \w/.test(title!) && /^\w|^`/.test(first!), title);
    const headings = [...withoutBlocks(text).matchAll(/^## (.*)$/gm)]
      .map(([, heading]) => heading);
    assert(headings[0] === "Example", `${headings}`);
    assert(text.includes("```"), "no block");
  });
}

Deno.test("README.md links to every topic of the manual", () => {
  const { text } = DOCUMENTS.find(({ path }) => path === "README.md")!;
  for (const name of TOPICS) {
    assert(text.includes(`(lib/manual/${name})`), name);
  }
});
