import { assertEquals, assertThrows } from "@std/assert";
import { parseFrequency, parseRate, parseSize } from "../../lib/cli/size.ts";

Deno.test("parseSize() returns bytes", () => {
  const cases = [
    { text: "0", want: 0 },
    { text: "0KB", want: 0 },
    { text: "1B", want: 1 },
    { text: "64KB", want: 64_000 },
    { text: "64kB", want: 64_000 },
    { text: "64KiB", want: 65_536 },
    { text: "1.5MB", want: 1_500_000 },
    { text: "1MiB", want: 1_048_576 },
    { text: "10GB", want: 10_000_000_000 },
    { text: "1GiB", want: 1_073_741_824 },
    { text: "2TB", want: 2_000_000_000_000 },
    { text: "1TiB", want: 1_099_511_627_776 },
    { text: "0.001KB", want: 1 },
    { text: "1.5B", want: 2 },
  ];
  for (const { text, want } of cases) assertEquals(parseSize(text), want);
});

Deno.test("parseSize() refuses an invalid size", () => {
  const texts = [
    "",
    "64",
    "KB",
    "-1KB",
    "1 KB",
    "64kb",
    "64Kb",
    "64mb",
    "64Mbit",
    "64K",
    "1e3B",
    "1.KB",
    ".5KB",
    "1.2345KB",
    "1234567890B",
    "0x10B",
    "64KB\n",
    "64toString",
    "1PB",
  ];
  for (const text of texts) {
    const { message } = assertThrows(() => parseSize(text), SyntaxError);
    assertEquals(
      message,
      `'${text}' is not a size such as 64KB, 1.5MB, 10GB, 64KiB or 0`,
    );
  }
});

Deno.test("parseRate() returns bytes per second for each direction", () => {
  const cases = [
    { text: "0", up: 0, down: 0 },
    { text: "64KB", up: 64e3, down: 64e3 },
    { text: "64KB/s", up: 64e3, down: 64e3 },
    { text: "1MB:10MB", up: 1e6, down: 10e6 },
    { text: "1MB/s:10MB/s", up: 1e6, down: 10e6 },
    { text: "0:1GB", up: 0, down: 1e9 },
    { text: "1KB:0", up: 1_000, down: 0 },
  ];
  for (const { text, up, down } of cases) {
    assertEquals(parseRate(text), { up, down });
  }
});

Deno.test("parseRate() refuses invalid and tiny rates", () => {
  const cases = [
    { text: "1MB:2MB:3MB", says: "'1MB:2MB:3MB' is neither RATE nor UP:DOWN" },
    { text: "999B", says: "'999B' is less than 1KB a second" },
    { text: "1MB:1B", says: "'1MB:1B' is less than 1KB a second" },
    {
      text: "1MB:",
      says: "'' is not a size such as 64KB, 1.5MB, 10GB, 64KiB or 0",
    },
    {
      text: "1MB/m",
      says: "'1MB/m' is not a size such as 64KB, 1.5MB, 10GB, 64KiB or 0",
    },
  ];
  for (const { text, says } of cases) {
    assertEquals(
      assertThrows(() => parseRate(text), SyntaxError).message,
      says,
    );
  }
});

Deno.test("parseFrequency() returns count and period", () => {
  assertEquals(parseFrequency("10"), { count: 10, period: "second" });
  assertEquals(parseFrequency("10/s"), { count: 10, period: "second" });
  assertEquals(parseFrequency("30/m"), { count: 30, period: "minute" });
  assertEquals(parseFrequency("500/h"), { count: 500, period: "hour" });
  assertEquals(parseFrequency("0"), undefined);
  assertEquals(parseFrequency("0/m"), undefined);
  for (const text of ["", "/s", "1/d", "1.5/s", "-1", "1/S", "1 /s", "1/s "]) {
    assertThrows(
      () => parseFrequency(text),
      SyntaxError,
      `'${text}' is not a number such as 10/s, 30/m or 0`,
    );
  }
});
