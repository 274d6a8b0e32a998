import { assertEquals } from "@std/assert";
import { escape } from "../../lib/observe/escape.ts";

Deno.test("escape() leaves ordinary text unchanged", () => {
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

Deno.test("escape() replaces characters that control a terminal", () => {
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

Deno.test("escape() replaces every control, direction and invisible character", () => {
  // Controls and separators, and the Default_Ignorable_Code_Point characters of
  // Unicode's DerivedCoreProperties.txt.
  const ranges = [
    [0x00, 0x1f],
    [0x7f, 0x9f],
    [0xad, 0xad],
    [0x34f, 0x34f],
    [0x61c, 0x61c],
    [0x115f, 0x1160],
    [0x17b4, 0x17b5],
    [0x180b, 0x180f],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0x3164, 0x3164],
    [0xd800, 0xdfff],
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff0, 0xfffb],
    [0x1bca0, 0x1bca3],
    [0x1d173, 0x1d17a],
    [0xe0000, 0xe0fff],
  ] as const;
  for (let code = 0; code <= 0x10ffff; code++) {
    const isUnsafe = ranges.some(([low, high]) => low <= code && code <= high);
    const character = String.fromCodePoint(code);
    const want = isUnsafe
      ? character.split("").map((unit) =>
        `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
      ).join("")
      : character;
    // Not `assertEquals()`, which is slow for a million calls.
    if (escape(character) !== want) assertEquals(escape(character), want);
  }
});

Deno.test("escape() reveals a text that is hidden in tags", () => {
  const hidden = Array.from(
    "rm -rf",
    (letter) => String.fromCodePoint(0xe0000 + letter.charCodeAt(0)),
  ).join("");
  const escaped = escape(`alice${hidden}`);
  assertEquals(escaped.slice(0, 17), "alice\\udb40\\udc72");
  assertEquals(JSON.parse(`"${escaped}"`), `alice${hidden}`);
});

Deno.test("escape() keeps the value of a JSON document", () => {
  const value = {
    text: 'a\n\x9b\u202e\ud800\\\x85"',
    "\u2028": ["\x7f\u{e0041}"],
  };
  assertEquals(JSON.parse(escape(JSON.stringify(value))), value);
});
