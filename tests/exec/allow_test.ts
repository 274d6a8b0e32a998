import { assertEquals, assertThrows } from "@std/assert";
import {
  parseAllowed,
  parseForwarded,
  parsePresets,
  requireApart,
} from "../../lib/exec/allow.ts";

Deno.test("parseAllowed() makes a rule of a host", () => {
  const table = [
    ["a.example", "name a.example port 80,443"],
    ["*.a.example:8443", "name *.a.example port 8443"],
    ["a.example:8000-8099", "name a.example port 8000-8099"],
    ["a.example:*", "name a.example"],
    ["*", "name * port 80,443"],
    ["192.0.2.1", "to 192.0.2.1 port 80,443"],
    ["192.0.2.1:5432", "to 192.0.2.1 port 5432"],
    ["2001:db8::1", "to 2001:db8::1 port 80,443"],
    ["[2001:db8::1]:22", "to 2001:db8::1 port 22"],
    ["localhost:3000", "name localhost to loopback port 3000"],
  ] as const;
  for (const [text, rule] of table) {
    assertEquals(
      parseAllowed(text).rule,
      `allow ${rule} command connect,http`,
      text,
    );
  }
});

Deno.test("parseAllowed() refuses what is no host", () => {
  for (
    const text of [
      "",
      "https://a.example",
      "a.example/path",
      "user@a.example",
      "a b",
      "a,b",
      "a.*.example",
      "a.example:0",
      "a.example:70000",
      "a.example:9-8",
      ":443",
    ]
  ) {
    assertThrows(() => parseAllowed(text), SyntaxError, undefined, text);
  }
});

Deno.test("parsePresets() takes names with commas, each once", () => {
  assertEquals(parsePresets(["npm,github", "npm"]), ["npm", "github"]);
  assertThrows(
    () => parsePresets(["npn"]),
    SyntaxError,
    "expected npm, pypi, github, debian, deno, crates, go",
  );
});

Deno.test("parseForwarded() takes a port and a target", () => {
  assertEquals(parseForwarded("5432=db.example:5433"), {
    port: 5432,
    target: { host: "db.example", port: 5433 },
  });
  for (const text of ["5432", "x=a:1", "0=a:1", "70000=a:1", "1=a:0", "1=a"]) {
    assertThrows(() => parseForwarded(text), SyntaxError, undefined, text);
  }
});

Deno.test("requireApart() refuses a port that leads to two targets", () => {
  requireApart([parseForwarded("1=a:1"), parseForwarded("2=a:1")]);
  assertThrows(
    () => requireApart([parseForwarded("1=a:1"), parseForwarded("1=b:1")]),
    SyntaxError,
    "port 1 already leads to a:1",
  );
});
