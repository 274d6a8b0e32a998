import { assertEquals, assertThrows } from "@std/assert";
import { parse, type Parser } from "../../lib/wire/parser.ts";

/** A length, then this many bytes. */
function* parseField(): Parser<number[]> {
  const [length] = yield 1;
  return [...yield length!];
}

// deno-lint-ignore require-yield
function* parseNothing(): Parser<string> {
  return "nothing";
}

Deno.test("parse() passes a parser exactly the bytes it asks for", () => {
  const cases = [
    { bytes: [0], want: [] },
    { bytes: [1, 7], want: [7] },
    { bytes: [3, 7, 8, 9], want: [7, 8, 9] },
  ];
  for (const { bytes, want } of cases) {
    assertEquals(parse(parseField(), new Uint8Array(bytes)), want);
  }
});

Deno.test("parse() ignores bytes after the message", () => {
  const bytes = new Uint8Array([2, 7, 8, 9, 10]);
  assertEquals(parse(parseField(), bytes), [7, 8]);
});

Deno.test("parse() returns immediately when a parser asks for nothing", () => {
  assertEquals(parse(parseNothing(), new Uint8Array()), "nothing");
});

Deno.test("parse() reports the number of missing bytes", () => {
  const cases = [
    { bytes: [], missing: 1 },
    { bytes: [5], missing: 5 },
    { bytes: [5, 1, 2], missing: 3 },
    { bytes: [5, 1, 2, 3, 4], missing: 1 },
  ];
  for (const { bytes, missing } of cases) {
    assertThrows(
      () => parse(parseField(), new Uint8Array(bytes)),
      RangeError,
      `Cannot parse: ${missing} bytes missing`,
    );
  }
});

Deno.test("parse() throws the parser's error", () => {
  function* refuse(): Parser<void> {
    yield 1;
    throw new SyntaxError("refused");
  }
  assertThrows(
    () => parse(refuse(), new Uint8Array(1)),
    SyntaxError,
    "refused",
  );
});
