import { assertEquals } from "@std/assert";
import { LineSplitter } from "../../../lib/hub/wire/line_splitter.ts";

const encoder = new TextEncoder();

function split(most: number, ...parts: string[]): (string | undefined)[] {
  const splitter = new LineSplitter(most);
  return parts.flatMap((part) =>
    [...splitter.push(encoder.encode(part))].map((line) =>
      line && new TextDecoder().decode(line)
    )
  );
}

const CASES: [name: string, text: string, lines: (string | undefined)[]][] = [
  ["no bytes", "", []],
  ["an empty line", "\n", [""]],
  ["LF and CRLF", "a\nb\r\n\r\nc", ["a", "b", ""]],
  ["a CR that ends nothing", "a\rb\r\r\n", ["a\rb\r"]],
  ["the longest line", "12345678\n12345678\r\n", ["12345678", "12345678"]],
  ["a line that is too long", "123456789\nok\n", [undefined, "ok"]],
  ["a line that is too long, with CR", "123456789\r\nok\n", [undefined, "ok"]],
  ["a line that is much too long", `${"x".repeat(100)}\nok\n`, [
    undefined,
    "ok",
  ]],
];

for (const [name, text, lines] of CASES) {
  Deno.test(`LineSplitter splits ${name}, however the bytes arrive`, () => {
    for (let cut = 0; cut <= text.length; cut++) {
      assertEquals(split(8, text.slice(0, cut), text.slice(cut)), lines);
    }
    assertEquals(split(8, ...text), lines);
  });
}

Deno.test("LineSplitter keeps every byte except LF unchanged", () => {
  const splitter = new LineSplitter(1_000);
  const bytes = Uint8Array.from({ length: 256 }, (_, n) => n);
  const [first, second] = [...splitter.push(bytes), ...splitter.push(bytes)];
  assertEquals(first, bytes.slice(0, 10));
  assertEquals(second!.length, 245 + 10);
  assertEquals(splitter.isWithinLine, true);
});

Deno.test("LineSplitter copies the bytes that it keeps", () => {
  const splitter = new LineSplitter(100);
  const bytes = encoder.encode("one\ntwo");
  const [line] = [...splitter.push(bytes)];
  bytes.fill(0);
  assertEquals(line, encoder.encode("one"));
  assertEquals(
    [...splitter.push(encoder.encode("\n"))][0],
    encoder.encode("two"),
  );
});
