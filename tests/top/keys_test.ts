import { assertEquals } from "@std/assert";
import { KeyParser } from "../../lib/top/keys.ts";

function parse(text: string): string[] {
  return new KeyParser().push(new TextEncoder().encode(text));
}

Deno.test("KeyParser.push() knows the sequences of terminals", () => {
  for (
    const [text, keys] of [
      ["\u001b[A\u001b[B\u001b[C\u001b[D", ["up", "down", "right", "left"]],
      ["\u001bOA\u001bOB\u001bOH\u001bOF", ["up", "down", "home", "end"]],
      ["\u001b[5~\u001b[6~", ["pageup", "pagedown"]],
      ["\u001b[1~\u001b[4~\u001b[7~\u001b[8~", ["home", "end", "home", "end"]],
      ["\u001b[1;5A\u001b[1;2H", ["up", "home"]], // With Ctrl or Shift.
      ["\u001b[Z\t", ["shift-tab", "tab"]],
      ["\r\n\u007f\b", ["enter", "enter", "backspace", "backspace"]],
      ["\u0003\u001a\u000c", ["ctrl-c", "ctrl-z", "ctrl-l"]],
      ["kK/é日👩", ["k", "K", "/", "é", "日", "👩"]],
      ["\u001b[15~\u001b[99Q\u0002x", ["x"]], // F5 and others are no keys.
      ["\u001bk", ["escape", "k"]],
    ] as const
  ) {
    assertEquals(parse(text), [...keys], JSON.stringify(text));
  }
});

Deno.test("KeyParser.push() joins what arrives in pieces", () => {
  const bytes = new TextEncoder().encode("a\u001b[1;5A日\u001b[5~b");
  const parser = new KeyParser();
  const keys: string[] = [];
  for (const byte of bytes) keys.push(...parser.push(Uint8Array.of(byte)));
  assertEquals(keys, ["a", "up", "日", "pageup", "b"]);
  assertEquals(parser.isOpen, false);
});

Deno.test("KeyParser.flush() distinguishes Escape from the start of a sequence", () => {
  const parser = new KeyParser();
  assertEquals(parser.push(Uint8Array.of(27)), []);
  assertEquals(parser.isOpen, true);
  assertEquals(parser.flush(), ["escape"]);
  assertEquals(parser.push(new TextEncoder().encode("\u001b[1")), []);
  assertEquals(parser.flush(), []);
  assertEquals(parser.isOpen, false);
});

Deno.test("KeyParser.push() drops an endless sequence", () => {
  const parser = new KeyParser();
  const piece = new TextEncoder().encode("1;".repeat(10));
  parser.push(new TextEncoder().encode("\u001b["));
  for (let n = 0; n < 2; n++) parser.push(piece);
  assertEquals(parser.isOpen, false);
});

Deno.test("KeyParser.push() accepts any bytes", () => {
  for (let first = 0; first < 256; first++) {
    for (const next of [0, 27, 65, 91, 126, 200, 255]) {
      const parser = new KeyParser();
      const keys = parser.push(Uint8Array.of(first, next, 120));
      keys.push(...parser.flush());
      for (const key of keys) {
        const isText = [...key].length === 1 && !/\p{Cc}/u.test(key);
        assertEquals(isText || /^[a-z][a-z-]+$/.test(key), true, key);
      }
    }
  }
});
