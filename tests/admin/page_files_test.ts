import { assert, assertEquals, assertMatch } from "@std/assert";
import { adminPage, PAGE_POLICY } from "../../lib/admin/page_files.ts";

const FOLDER = new URL("../../lib/admin/page/", import.meta.url);

/** Modules of other folders that the page imports too. */
const SHARED = [
  ...["/filter.ts", "/observe/escape.ts", "/observe/format_bytes.ts"],
  ...[...pathsIn("../client/")].map((path) => path.slice("..".length)),
];

const FILES = [...pathsIn("")];

function* pathsIn(folder: string): Generator<string> {
  for (const { isFile, name } of Deno.readDirSync(new URL(folder, FOLDER))) {
    if (isFile) yield folder + name;
    else yield* pathsIn(`${folder}${name}/`);
  }
}

/** Files that another file of the page requests. */
function namedIn(path: string): string[] {
  const { text } = adminPage(path)!;
  const inScripts = text.matchAll(/\bfrom "(\.\.?\/[^"]+\.ts)"/g);
  const inMarkup = text.matchAll(/(?:src|href)="(page\/[^"]+)"/g);
  const base = `http://page${path}`;
  return [...inScripts, ...inMarkup]
    .map(([, name]) => new URL(name!, base).pathname);
}

Deno.test("adminPage() has every file that the page requests", () => {
  const found = new Set(["/"]);
  for (const path of found) {
    assert(adminPage(path) !== undefined, path);
    if (!path.endsWith("/uplot.js")) namedIn(path).forEach((p) => found.add(p));
  }
  const modules = FILES.filter((name) => name.endsWith(".ts"));
  assert(modules.length > 10);
  for (const name of modules) {
    assert(found.has(`/page/${name}`), `nothing imports ${name}`);
  }
});

Deno.test("adminPage() preloads all modules, and each is imported", () => {
  const { text } = adminPage("/")!;
  const preloads = [...text.matchAll(/"modulepreload" href="([^"]+)"/g)]
    .map(([, name]) => `/${name}`);
  const modules = FILES.filter((name) => name.endsWith(".ts"));
  const all = [...modules.map((name) => `/page/${name}`), ...SHARED];
  assertEquals(preloads.toSorted(), all.toSorted());
  const imported = new Set(
    modules.flatMap((name) => namedIn(`/page/${name}`)),
  );
  for (const name of modules) {
    if (name !== "page.ts") assert(imported.has(`/page/${name}`), name);
  }
});

Deno.test("adminPage() has no other files", () => {
  const others = [
    ...["", "/page", "/page/", "/page.ts", "/index.html", "/page/index.html"],
    ...["/page/deno.json", "/page/../admin_api.ts", "/page/constructor.ts"],
    ...["/page/grid", "/page/grid/", "/page/grid/../page.ts"],
    ...["/__proto__", "/constructor", "/page/page.ts?x", "/PAGE/page.ts"],
  ];
  for (const path of others) assertEquals(adminPage(path), undefined, path);
});

Deno.test("adminPage() strips types from scripts", () => {
  const { type, text } = adminPage("/page/page.ts")!;
  assertEquals(type, "text/javascript");
  assert(!text.includes("import type"));
  assert(!text.includes(": Promise<void>"));
  assertEquals(adminPage("/page/page.ts")!.text, text);
});

Deno.test("the page's colours can be read, light and dark (WCAG 2.2 AA)", () => {
  const { text } = adminPage("/page/page.css")!;
  const colors = new Map(
    [...text.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)]
      .map(([, name, light, dark]) => [name!, [light!, dark!]]),
  );
  const pairs: [string, string[], number][] = [
    ["ink", ["paper", "card", "stripe", "hover"], 4.5],
    ["quiet", ["paper", "card", "stripe", "hover"], 4.5],
    ["accent", ["card", "hover"], 4.5],
    ["wrong", ["paper", "card", "stripe", "hover"], 4.5],
    ["warn", ["card"], 4.5],
    ["on-accent", ["accent"], 4.5],
    // Least contrast of graphics: edges of fields, dots and lines of charts.
    ["border", ["paper", "card"], 3],
    ["up", ["card"], 3],
    ["open", ["card"], 3],
  ];
  for (const [front, backs, least] of pairs) {
    for (const back of backs) {
      for (const scheme of [0, 1]) {
        const ratio = contrast(
          colors.get(front)![scheme]!,
          colors.get(back)![scheme]!,
        );
        assert(ratio >= least, `${front} on ${back}: ${ratio.toFixed(2)}`);
      }
    }
  }
});

Deno.test("nothing on the page moves by itself", () => {
  for (const name of ["page.css", "tables.css"]) {
    const { text } = adminPage(`/page/${name}`)!;
    assertEquals(
      text.match(/\b(animation|transition|scroll-behavior)\b/g),
      null,
    );
  }
});

Deno.test("PAGE_POLICY allows no script, style or frame from elsewhere", () => {
  const rules = PAGE_POLICY.split("; ");
  for (const what of ["script", "style", "connect", "img"]) {
    assert(rules.includes(`${what}-src 'self'`), what);
  }
  for (const what of ["default-src", "base-uri", "form-action"]) {
    assert(rules.includes(`${what} 'none'`), what);
  }
  assert(rules.includes("frame-ancestors 'none'"));
  assert(!PAGE_POLICY.includes("unsafe"));
});

Deno.test("the page cannot turn a client's text into markup", () => {
  // Words that would run text, reach other servers, or need inline code.
  const forbidden = [
    ...["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTML"],
    ...["document.write", "DOMParser", "createContextualFragment", "srcdoc"],
    ...["eval(", "new Function", "javascript:", "http://", "https://", "//cdn"],
  ];
  const example = "https://example.com/";
  const svg = "http://www.w3.org/2000/svg";
  for (const name of FILES) {
    const text = Deno.readTextFileSync(new URL(name, FOLDER))
      .replaceAll(example, "").replaceAll(svg, "");
    for (const word of forbidden) {
      assert(!text.includes(word), `${name} has ${word}`);
    }
  }
  const { text } = adminPage("/")!;
  assertEquals(text.match(/<style|\sstyle=|\son\w+=/g), null);
  for (const [tag] of text.matchAll(/<script[^>]*>/g)) {
    assertMatch(tag, / src="page\/[\w.]+"/);
  }
});

/** Contrast of two colours, `#rrggbb` (WCAG 2.2 §1.4.3). */
function contrast(one: string, other: string): number {
  const [less, more] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (more! + 0.05) / (less! + 0.05);
}

function luminance(color: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}
