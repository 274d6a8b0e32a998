import { assert, assertEquals, assertMatch } from "@std/assert";
import { adminPage, PAGE_POLICY } from "../../lib/app/admin_page.ts";

const FOLDER = new URL("../../lib/app/admin_page/", import.meta.url);

const FILES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);

/** Files of the page that another of its files asks for. */
function namedIn(path: string): string[] {
  const { text } = adminPage(path)!;
  const inScripts = text.matchAll(/\bfrom "\.\/(\w+\.ts)"/g);
  const inMarkup = text.matchAll(/(?:src|href)="(page\/[^"]+)"/g);
  return [
    ...[...inScripts].map(([, name]) => `/page/${name}`),
    ...[...inMarkup].map(([, name]) => `/${name}`),
  ];
}

Deno.test("adminPage() has every file that the page asks for", () => {
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

Deno.test("adminPage() has nothing else", () => {
  const others = [
    ...["", "/page", "/page/", "/page.ts", "/index.html", "/page/index.html"],
    ...["/page/deno.json", "/page/../admin_api.ts", "/page/constructor.ts"],
    ...["/__proto__", "/constructor", "/page/page.ts?x", "/PAGE/page.ts"],
  ];
  for (const path of others) assertEquals(adminPage(path), undefined, path);
});

Deno.test("adminPage() gives scripts without types", () => {
  const { type, text } = adminPage("/page/page.ts")!;
  assertEquals(type, "text/javascript");
  assert(!text.includes("import type"));
  assert(!text.includes(": Promise<void>"));
  assertEquals(adminPage("/page/page.ts")!.text, text);
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

Deno.test("the page has no way to make markup of what a client sends", () => {
  // Nor to run it, to reach elsewhere, or to have it inline.
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
