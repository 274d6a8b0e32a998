import { assertEquals, assertThrows } from "@std/assert";
import { flag, only, single } from "../../lib/app/option.ts";

Deno.test("single() parses what was given, or else its default", () => {
  const parsed: string[] = [];
  const option = single("N", "7", (text) => {
    parsed.push(text);
    return Number(text);
  }, "how many");
  assertEquals(option.parse(["12"]), 12);
  assertEquals(option.parse([]), 7);
  assertEquals(parsed, ["12", "7"]);
});

Deno.test("single() shows its value and its default in the help", () => {
  const option = single("N", "7", Number, "how many");
  assertEquals(option.value, "N");
  assertEquals(option.help, "how many (default 7)");
  assertEquals(option.short, undefined);
});

Deno.test("single() refuses to be given twice, whatever the values", () => {
  const option = single("N", "7", Number, "how many");
  for (const given of [["1", "2"], ["1", "1"], ["1", "2", "3"]]) {
    const error = assertThrows(() => option.parse(given), SyntaxError);
    assertEquals(error.message, "given more than once");
  }
});

Deno.test("single() passes on what its parser throws", () => {
  const option = single("N", "7", (text) => {
    throw new SyntaxError(`'${text}' is bad`);
  }, "how many");
  assertThrows(() => option.parse(["x"]), SyntaxError, "'x' is bad");
});

Deno.test("flag() is whether it was given", () => {
  const option = flag("print more");
  assertEquals(option.parse([]), false);
  assertEquals(option.parse([""]), true);
  assertEquals(option.parse(["", ""]), true);
  assertEquals(option.help, "print more");
  assertEquals(option.value, undefined);
});

Deno.test("flag() has a letter only when it is given one", () => {
  assertEquals(flag("help", "h").short, "h");
  assertEquals("short" in flag("help"), false);
});

Deno.test("only() returns the one text", () => {
  assertEquals(only([]), undefined);
  assertEquals(only([""]), "");
  assertEquals(only(["a"]), "a");
  assertThrows(() => only(["a", "b"]), SyntaxError, "given more than once");
});
