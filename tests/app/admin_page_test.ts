import { assert, assertEquals, assertMatch } from "@std/assert";
import { pageResponse } from "../../lib/app/admin_page.ts";

const FOLDER = new URL("../../lib/app/admin_page/", import.meta.url);

const FILES = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);

/** Files of the page that another of its files asks for. */
function namedIn(path: string): string[] {
  const { body } = pageResponse(path)!;
  const inScripts = body.matchAll(/\bfrom "\.\/(\w+\.ts)"/g);
  const inMarkup = body.matchAll(/(?:src|href)="(page\/[^"]+)"/g);
  return [
    ...[...inScripts].map(([, name]) => `/page/${name}`),
    ...[...inMarkup].map(([, name]) => `/${name}`),
  ];
}

Deno.test("pageResponse() has every file that the page asks for", () => {
  const found = new Set(["/"]);
  for (const path of found) {
    assert(pageResponse(path) !== undefined, path);
    if (!path.endsWith("/uplot.js")) namedIn(path).forEach((p) => found.add(p));
  }
  const modules = FILES.filter((name) => name.endsWith(".ts"));
  assert(modules.length > 10);
  for (const name of modules) {
    assert(found.has(`/page/${name}`), `nothing imports ${name}`);
  }
});

Deno.test("pageResponse() has nothing else", () => {
  const others = [
    ...["", "/page", "/page/", "/page.ts", "/index.html", "/page/index.html"],
    ...["/page/deno.json", "/page/../admin_api.ts", "/page/constructor.ts"],
    ...["/__proto__", "/constructor", "/page/page.ts?x", "/PAGE/page.ts"],
  ];
  for (const path of others) assertEquals(pageResponse(path), undefined, path);
});

Deno.test("pageResponse() gives scripts without types", () => {
  const { body, headers } = pageResponse("/page/page.ts")!;
  assertMatch(headers["content-type"]!, /^text\/javascript/);
  assert(!body.includes("import type"));
  assert(!body.includes(": Promise<void>"));
  assertEquals(pageResponse("/page/page.ts")!.body, body);
});

Deno.test("pageResponse() allows no script, style or frame from elsewhere", () => {
  for (const path of ["/", "/page/page.ts", "/page/uplot.js"]) {
    const { headers } = pageResponse(path)!;
    const policy = headers["content-security-policy"]!.split("; ");
    for (
      const rule of [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ]
    ) assert(policy.includes(rule), rule);
    assert(!policy.join().includes("unsafe"));
    assertEquals(headers["x-content-type-options"], "nosniff");
  }
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
  const { body } = pageResponse("/")!;
  assertEquals(body.match(/<style|\sstyle=|\son\w+=/g), null);
  for (const [tag] of body.matchAll(/<script[^>]*>/g)) {
    assertMatch(tag, / src="page\/[\w.]+"/);
  }
});
