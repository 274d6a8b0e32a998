import { assertEquals } from "@std/assert";
import { escape } from "../../lib/observe/escape.ts";

Deno.test("escape() leaves text as it is", () => {
  const texts = [
    "",
    "example.com:443",
    'with space, "quotes" and \\backslash',
    "Ünïcødé",
    "日本語",
    "العربية עברית",
    "🦀 👩",
    "\u00a0\u00ff",
    "\u{1f600}\u{10ffff}",
  ];
  for (const text of texts) assertEquals(escape(text), text);
});

Deno.test("escape() writes what acts on a terminal as its code", () => {
  const cases = [
    { text: "a\x1b[31mb", want: "a\\u001b[31mb" },
    { text: "\x1b]0;title\x07", want: "\\u001b]0;title\\u0007" },
    { text: "a\r\nb", want: "a\\u000d\\u000ab" },
    { text: "\0", want: "\\u0000" },
    { text: "\t", want: "\\u0009" },
    { text: "\x7f", want: "\\u007f" },
    { text: "\x9b31m", want: "\\u009b31m" },
    { text: "\x85", want: "\\u0085" },
    { text: "\u2028\u2029", want: "\\u2028\\u2029" },
    { text: "user\u202egpj.exe", want: "user\\u202egpj.exe" },
    { text: "\u2066a\u2069", want: "\\u2066a\\u2069" },
    { text: "zero\u200bwidth", want: "zero\\u200bwidth" },
    { text: "\ufeff", want: "\\ufeff" },
    { text: "\ud800", want: "\\ud800" },
    { text: "a\udc00b", want: "a\\udc00b" },
    { text: "\udc00\ud800", want: "\\udc00\\ud800" },
    { text: "\ud83e\ud83e\udd80", want: "\\ud83e🦀" },
  ];
  for (const { text, want } of cases) assertEquals(escape(text), want);
});

Deno.test("escape() writes every control, direction and invisible character as its code", () => {
  const ranges = [
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x61c, 0x61c],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
    [0xfff9, 0xfffb],
  ] as const;
  for (let code = 0; code <= 0xffff; code++) {
    const isUnsafe = ranges.some(([low, high]) => low <= code && code <= high);
    const character = String.fromCharCode(code);
    const want = isUnsafe
      ? `\\u${code.toString(16).padStart(4, "0")}`
      : character;
    assertEquals(escape(character), want);
  }
});

Deno.test("escape() leaves a JSON document what it was", () => {
  const value = { text: 'a\n\x9b\u202e\ud800\\\x85"', "\u2028": ["\x7f"] };
  assertEquals(JSON.parse(escape(JSON.stringify(value))), value);
});
