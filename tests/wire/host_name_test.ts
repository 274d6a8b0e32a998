import { assertEquals, assertThrows } from "@std/assert";
import {
  parseAskedHost,
  parseHost,
  whyImpossible,
} from "../../lib/wire/host_name.ts";

const LONGEST_LABEL = "a".repeat(63);
/** 253 characters: three labels of 63 and one of 61, with their dots. */
const LONGEST = [63, 63, 63, 61].map((length) => "a".repeat(length)).join(".");

Deno.test("parseHost() returns a name unchanged", () => {
  const names = [
    "a",
    "localhost",
    "example.com",
    "EXAMPLE.Com",
    "example.com.",
    "a.",
    "xn--bcher-kva.example",
    "_dmarc.example.com",
    "under_score.example.com",
    "trailing_.example",
    "a-b--c.example",
    "9.example",
    "3com.com",
    LONGEST_LABEL,
    `${LONGEST_LABEL}.example`,
    LONGEST,
    `${LONGEST}.`,
  ];
  for (const name of names) assertEquals(parseHost(name), name);
});

Deno.test("parseHost() returns the bytes of an address", () => {
  const cases = [
    { text: "0.0.0.0", bytes: [0, 0, 0, 0] },
    { text: "127.0.0.1", bytes: [127, 0, 0, 1] },
    { text: "255.255.255.255", bytes: [255, 255, 255, 255] },
    { text: "::", bytes: new Array(16).fill(0) },
    { text: "::1", bytes: [...new Array(15).fill(0), 1] },
    {
      text: "::FFFF:127.0.0.1",
      bytes: [...new Array(10).fill(0), 255, 255, 127, 0, 0, 1],
    },
  ];
  for (const { text, bytes } of cases) {
    assertEquals(parseHost(text), new Uint8Array(bytes));
  }
});

Deno.test("parseHost() treats unusual address forms as names", () => {
  const names = [
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.256",
    "127.0.0.1.",
    "1.2.3.4.5",
  ];
  for (const name of names) assertEquals(parseHost(name), name);
});

Deno.test("parseHost() refuses an invalid name and says why", () => {
  const cases = [
    { text: "", message: "name is empty" },
    { text: ".", message: "name has an empty label" },
    { text: "..", message: "name has an empty label" },
    { text: ".example.com", message: "name has an empty label" },
    { text: "example..com", message: "name has an empty label" },
    { text: "example.com..", message: "name has an empty label" },
    {
      text: "a".repeat(64),
      message: "a label has 64 characters, more than 63",
    },
    {
      text: `b.${"a".repeat(64)}.example`,
      message: "a label has 64 characters, more than 63",
    },
    { text: `${LONGEST}a`, message: "name has 254 characters, more than 253" },
    { text: `${LONGEST}a.`, message: "name has 254 characters, more than 253" },
    { text: `${LONGEST}.a`, message: "name has 255 characters, more than 253" },
    { text: "-a.example", message: 'label "-a" is not allowed in a name' },
    { text: "a-.example", message: 'label "a-" is not allowed in a name' },
    { text: "-", message: 'label "-" is not allowed in a name' },
    { text: "a b", message: 'label "a b" is not allowed in a name' },
    { text: " a", message: 'label " a" is not allowed in a name' },
    { text: "a\n", message: 'label "a\\n" is not allowed in a name' },
    { text: 'a"b', message: 'label "a\\"b" is not allowed in a name' },
    { text: "a/b", message: 'label "a/b" is not allowed in a name' },
    {
      text: "user@host",
      message: 'label "user@host" is not allowed in a name',
    },
    { text: "host:80", message: 'label "host:80" is not allowed in a name' },
    { text: "[::1]", message: 'label "[::1]" is not allowed in a name' },
    {
      text: "fe80::1%eth0",
      message: 'label "fe80::1%eth0" is not allowed in a name',
    },
    {
      text: "bücher.example",
      message: 'label "bücher" is not allowed in a name',
    },
    { text: "日本", message: 'label "日本" is not allowed in a name' },
  ];
  for (const { text, message } of cases) {
    const error = assertThrows(() => parseHost(text), SyntaxError);
    assertEquals(error.message, message);
  }
});

Deno.test("whyImpossible() explains impossible names, which parseAskedHost() accepts", () => {
  const cases: [name: string, why: string | undefined][] = [
    ["a", undefined],
    ["a.", undefined],
    [LONGEST_LABEL, undefined],
    [LONGEST, undefined],
    [`${LONGEST}.`, undefined],
    [`${LONGEST_LABEL}a`, "a label has 64 characters, more than 63"],
    [`a.${"b".repeat(200)}.c`, "a label has 200 characters, more than 63"],
    [`${LONGEST}a`, "name has 254 characters, more than 253"],
    ["a.".repeat(127) + "a", "name has 255 characters, more than 253"],
    ["a..b", "name has an empty label"],
    [".a", "name has an empty label"],
    ["a..", "name has an empty label"],
    [".", "name has an empty label"],
  ];
  for (const [name, why] of cases) {
    assertEquals(parseAskedHost(name), name);
    assertEquals(whyImpossible(name), why, name);
    if (why === undefined) assertEquals(parseHost(name), name);
    else assertThrows(() => parseHost(name), SyntaxError, why);
  }
});

Deno.test("parseAskedHost() refuses invalid characters, even in an impossible name", () => {
  for (const text of ["", "a b", "a..b c", "-", "ü", `${"a".repeat(64)}\0`]) {
    assertThrows(() => parseAskedHost(text), SyntaxError);
  }
});

Deno.test("parseHost() refuses every control character, anywhere", () => {
  const codes = [...Array.from({ length: 32 }, (_, n) => n), 127];
  for (const code of codes) {
    const character = String.fromCharCode(code);
    for (const text of [`${character}a`, `a${character}b`, `a${character}`]) {
      assertThrows(
        () => parseHost(text),
        SyntaxError,
        "is not allowed in a name",
      );
      assertThrows(
        () => parseHost(`127.0.0.1${character}`),
        SyntaxError,
        "is not allowed in a name",
      );
    }
  }
});

Deno.test("parseHost() refuses letters that case folding maps to ASCII", () => {
  // Unicode's case folding maps U+017F to s and U+212A to k.
  for (const text of ["\u017f", "\u212a", "a\u017fb"]) {
    assertThrows(
      () => parseHost(text),
      SyntaxError,
      "is not allowed in a name",
    );
  }
});
