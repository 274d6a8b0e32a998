import { assert, assertEquals } from "@std/assert";
import { isIP } from "node:net";
import { formatIpAddress, parseIpAddress } from "../../lib/wire/ip_address.ts";

/** Numbers from 0 to 1, the same in every run (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = seed + 0x6d2b79f5 | 0;
    let n = Math.imul(seed ^ seed >>> 15, seed | 1);
    n ^= n + Math.imul(n ^ n >>> 7, n | 61);
    return ((n ^ n >>> 14) >>> 0) / 2 ** 32;
  };
}

/** Sixteen bytes from groups of 16 bits. */
function ipv6(...groups: number[]): number[] {
  return groups.flatMap((group) => [group >> 8, group & 0xff]);
}

Deno.test("parseIpAddress() parses IPv4", () => {
  const cases = [
    { text: "0.0.0.0", bytes: [0, 0, 0, 0] },
    { text: "127.0.0.1", bytes: [127, 0, 0, 1] },
    { text: "1.20.255.9", bytes: [1, 20, 255, 9] },
    { text: "255.255.255.255", bytes: [255, 255, 255, 255] },
  ];
  for (const { text, bytes } of cases) {
    assertEquals(parseIpAddress(text), new Uint8Array(bytes));
  }
});

Deno.test("parseIpAddress() parses IPv6", () => {
  const cases = [
    { text: "::", bytes: ipv6(0, 0, 0, 0, 0, 0, 0, 0) },
    { text: "::1", bytes: ipv6(0, 0, 0, 0, 0, 0, 0, 1) },
    { text: "1::", bytes: ipv6(1, 0, 0, 0, 0, 0, 0, 0) },
    { text: "1:2:3:4:5:6:7:8", bytes: ipv6(1, 2, 3, 4, 5, 6, 7, 8) },
    { text: "1:2:3:4:5:6:7::", bytes: ipv6(1, 2, 3, 4, 5, 6, 7, 0) },
    { text: "::2:3:4:5:6:7:8", bytes: ipv6(0, 2, 3, 4, 5, 6, 7, 8) },
    { text: "1:2::7:8", bytes: ipv6(1, 2, 0, 0, 0, 0, 7, 8) },
    { text: "1:2:3::5:6:7:8", bytes: ipv6(1, 2, 3, 0, 5, 6, 7, 8) },
    { text: "0001:002:03:4::", bytes: ipv6(1, 2, 3, 4, 0, 0, 0, 0) },
    { text: "aBcD::FfFf", bytes: ipv6(0xabcd, 0, 0, 0, 0, 0, 0, 0xffff) },
    {
      text: "::ffff:192.0.2.1",
      bytes: ipv6(0, 0, 0, 0, 0, 0xffff, 0xc000, 0x0201),
    },
    { text: "::192.0.2.1", bytes: ipv6(0, 0, 0, 0, 0, 0, 0xc000, 0x0201) },
    {
      text: "64:ff9b::192.0.2.33",
      bytes: ipv6(0x64, 0xff9b, 0, 0, 0, 0, 0xc000, 0x0221),
    },
    {
      text: "1:2:3:4:5:6:1.2.3.4",
      bytes: ipv6(1, 2, 3, 4, 5, 6, 0x0102, 0x0304),
    },
  ];
  for (const { text, bytes } of cases) {
    assertEquals(parseIpAddress(text), new Uint8Array(bytes), text);
  }
});

Deno.test("parseIpAddress() returns undefined when the text is not a strict address", () => {
  const texts = [
    "",
    " ",
    ".",
    "...",
    "1",
    "1.2.3",
    "1.2.3.4.5",
    "1.2.3.",
    ".1.2.3",
    "1..2.3",
    "1.2.3.4.",
    "1.2.3.256",
    "1.2.3.1000",
    "1.2.3.04",
    "01.2.3.4",
    "00.0.0.0",
    "1.2.3.-4",
    "1.2.3.+4",
    "1.2.3.4e0",
    "1.2.3.0x4",
    "127.1",
    "0x7f.1",
    "0x7f000001",
    "2130706433",
    "017700000001",
    " 1.2.3.4",
    "1.2.3.4 ",
    "1.2.3.4\n",
    "1.2.3.4\0",
    "1.2.3.4/32",
    "１.2.3.4",
    "٣.2.3.4",
    ":",
    ":::",
    "::::",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:",
    ":2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:2:3:4::5:6:7:8",
    "1::2::3",
    "1:::2",
    "12345::",
    "00001::",
    "g::",
    "-1::",
    "0x1::",
    "::1 ",
    " ::1",
    "::1\n",
    "[::1]",
    "::1/128",
    "fe80::1%eth0",
    "fe80::1%1",
    "::1.2.3",
    "::1.2.3.4.5",
    "::1.2.3.256",
    "::1.2.3.04",
    "::1.2.3.4:5",
    "1.2.3.4::",
    "1.2.3.4:5::",
    "1:2:3:4:5:6:7:1.2.3.4",
    "1:2:3:4:5:1.2.3.4",
    "::ffff:127.1",
  ];
  for (const text of texts) {
    assertEquals(parseIpAddress(text), undefined, JSON.stringify(text));
  }
});

Deno.test("formatIpAddress() follows RFC 5952", () => {
  const cases = [
    // §4.1: no leading zeros.
    { text: "2001:0db8::0001", want: "2001:db8::1" },
    // §4.2.1: "::" replaces as many groups as possible.
    { text: "2001:db8:0:0:0:0:2:1", want: "2001:db8::2:1" },
    { text: "2001:db8::0:1", want: "2001:db8::1" },
    // §4.2.2: "::" never replaces one group.
    { text: "2001:db8:0:1:1:1:1:1", want: "2001:db8:0:1:1:1:1:1" },
    // §4.2.3: "::" replaces the longest run, and the first of two equal ones.
    { text: "2001:0:0:1:0:0:0:1", want: "2001:0:0:1::1" },
    { text: "2001:db8:0:0:1:0:0:1", want: "2001:db8::1:0:0:1" },
    // §4.3: lower case.
    { text: "2001:DB8::ABCD:EF", want: "2001:db8::abcd:ef" },
    // §5: an IPv4 address in dotted form.
    { text: "::ffff:c000:201", want: "::ffff:192.0.2.1" },
    { text: "::FFFF:0.0.0.0", want: "::ffff:0.0.0.0" },
    // Runs at the edges.
    { text: "0:0:0:0:0:0:0:0", want: "::" },
    { text: "0:0:0:0:0:0:0:1", want: "::1" },
    { text: "1:0:0:0:0:0:0:0", want: "1::" },
    { text: "0:0:1:0:0:0:0:0", want: "0:0:1::" },
    { text: "0:1:0:1:0:1:0:1", want: "0:1:0:1:0:1:0:1" },
    { text: "1:2:3:4:5:6:0:0", want: "1:2:3:4:5:6::" },
    { text: "0:0:3:4:5:6:7:8", want: "::3:4:5:6:7:8" },
    { text: "1:2:3:4:5:6:7:8", want: "1:2:3:4:5:6:7:8" },
  ];
  for (const { text, want } of cases) {
    assertEquals(formatIpAddress(parseIpAddress(text)!), want);
  }
  for (const text of ["0.0.0.0", "127.0.0.1", "255.255.255.255"]) {
    assertEquals(formatIpAddress(parseIpAddress(text)!), text);
  }
});

Deno.test("parseIpAddress() after formatIpAddress() is identity", () => {
  const next = random(1);
  for (let n = 0; n < 5_000; n++) {
    const length = next() < 0.3 ? 4 : 16;
    // Many zeros, for runs of every length and place.
    const bytes = Uint8Array.from(
      { length },
      () => next() < 0.6 ? 0 : next() * 256,
    );
    const text = formatIpAddress(bytes);
    assertEquals(parseIpAddress(text), bytes, text);
    assertEquals(isIP(text), length === 4 ? 4 : 6, text);
  }
});

Deno.test("formatIpAddress() agrees with the URL parser", () => {
  const next = random(2);
  for (let n = 0; n < 2_000; n++) {
    const bytes = Uint8Array.from(
      { length: 16 },
      () => next() < 0.7 ? 0 : next() * 256,
    );
    const text = formatIpAddress(bytes);
    if (text.includes(".")) continue; // WHATWG writes no dots in IPv6.
    assertEquals(new URL(`http://[${text}]/`).hostname, `[${text}]`);
  }
});

Deno.test("parseIpAddress() agrees with node:net isIP() on random text", () => {
  const next = random(3);
  const pick = (from: readonly string[]) =>
    from[Math.floor(next() * from.length)]!;
  const pieces = "0 1 9 ff 25 255 256 abcd g 00 01 . . . : : : :: ::1 - x"
    .split(" ");
  const starts = ["1.2.3.4", "::ffff:1.2.3.4", "1:2:3:4:5:6:7:8", "fe80::1"];
  const found = { 0: 0, 4: 0, 6: 0 };
  for (let n = 0; n < 40_000; n++) {
    let text = "";
    if (next() < 0.5) {
      const count = 1 + Math.floor(next() * 14);
      for (let piece = 0; piece < count; piece++) text += pick(pieces);
    } else {
      // An address with a piece inserted or removed.
      const start = pick(starts);
      const at = Math.floor(next() * (start.length + 1));
      const removed = Math.floor(next() * 3);
      text = start.slice(0, at) + (next() < 0.5 ? pick(pieces) : "") +
        start.slice(at + removed);
    }
    const family = isIP(text) as 0 | 4 | 6;
    found[family]++;
    const length = { 0: undefined, 4: 4, 6: 16 }[family];
    assertEquals(parseIpAddress(text)?.length, length, JSON.stringify(text));
  }
  // The corpus must contain enough of each kind.
  for (const count of Object.values(found)) assert(count > 1_000);
});
