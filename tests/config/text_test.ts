import { assertEquals, assertThrows } from "@std/assert";
import { ConfigError, problemLines } from "../../lib/cli/config_error.ts";
import { ConfigText } from "../../lib/config/text.ts";

function faults(text: string): string[] {
  const error = assertThrows(() => new ConfigText(text), ConfigError);
  return problemLines("f", error);
}

Deno.test("ConfigText takes comments and trailing commas", () => {
  const { value } = new ConfigText(`// One.
    { /* two */ "a": [1, "x", true, null,], "b": { "c": -1.5e3, }, }`);
  assertEquals(value, { a: [1, "x", true, null], b: { c: -1500 } });
});

Deno.test("ConfigText has own properties only, whatever their names", () => {
  const { value } = new ConfigText(`{ "__proto__": { "polluted": 1 } }`);
  assertEquals(Object.keys(value as object), ["__proto__"]);
  assertEquals((value as { polluted?: number }).polluted, undefined);
});

Deno.test("placeOf() finds values, and what would hold those that are missing", () => {
  const text = new ConfigText(`{
  "log": "text",
  "listeners": [
    { "kind": "proxy", "listen": ["1", "2"] },
    // Emoji count as one: 😀
    /* 😀 */ { "kind": "hub" }
  ]
}`);
  const table: [path: (string | number)[], line: number, column: number][] = [
    [[], 1, 1],
    [["log"], 2, 3],
    [["nosuch"], 1, 1],
    [["listeners"], 3, 3],
    [["listeners", 0], 4, 5],
    [["listeners", 0, "listen"], 4, 24],
    [["listeners", 0, "listen", 1], 4, 40],
    [["listeners", 0, "nosuch"], 4, 5],
    [["listeners", 1], 6, 13],
    [["listeners", 7, "kind"], 3, 3],
  ];
  for (const [path, line, column] of table) {
    assertEquals(text.placeOf(path), { line, column }, path.join());
  }
});

Deno.test("ConfigText tells of half a character, wherever it is", () => {
  const half =
    "expected text of whole characters: a \\ud800 to \\udfff stands in a pair";
  const table: [text: string, ...places: string[]][] = [
    ['"\\ud800"', "1:1"],
    ['{ "a\\udc00": 1 }', '1:3: "a\\udc00"'],
    [
      '{ "a": "\\ud83d\\ude00", "b": ["\\ude00\\ud83d", "x"] }',
      "1:30: b[0]",
    ],
    [
      '{ "listeners": [{\n "kind": "x\\ud800",\n "user": ["a:b", "a\\udfff:b"],\n "\\ud800": 1 }] }',
      "2:10: listeners[0].kind",
      "3:18: listeners[0].user[1]",
      '4:2: listeners[0]."\\ud800"',
    ],
  ];
  for (const [text, ...places] of table) {
    assertEquals(faults(text), places.map((place) => `f:${place}: ${half}`));
  }
});

Deno.test("ConfigText tells all faults of the syntax with line and column", () => {
  const table: [text: string, ...faults: string[]][] = [
    ["", "f:1:1: expected a value"],
    ["// Nothing.\n", "f:2:1: expected a value"],
    ["{", "f:1:2: expected a closing brace"],
    ['{ "a" 1 }', "f:1:7: expected a colon"],
    [
      "{\n  a: 1\n}",
      "f:2:3: expected a value: text in double quotes, a number, true, …",
    ],
    ['{ "a": 1 "b": 2 }', "f:1:10: expected a comma"],
    ['{ "a": [1, 2 }', "f:1:14: expected a comma"],
    ['{ "a": "b\n" }', "f:1:8: the text does not end on its line"],
    ["{ /* }", "f:1:3: the comment does not end"],
    ['{ "a": 1, "b": 2,\n  "a": 3 }', "f:2:3: a: it is given twice"],
    ["{} {}", "f:1:4: expected nothing more"],
  ];
  for (const [text, first] of table) {
    assertEquals(faults(text)[0], first, text);
  }
  assertEquals(faults('{ "a" 1,\n "b": [1 2],\n "c": ] }').length >= 3, true);
});

Deno.test("ConfigText says that a text has too many brackets, and not more than 20 things", () => {
  const [deep] = faults("[".repeat(200_000));
  assertEquals(deep, "f:1:1: brackets are nested too deep");
  assertEquals(faults("x ".repeat(1_000)).length <= 20, true);
});
