import { assertEquals, assertThrows } from "@std/assert";
import { parseDuration } from "../../lib/cli/duration.ts";

Deno.test("parseDuration() returns milliseconds", () => {
  const cases = [
    { text: "0", want: 0 },
    { text: "0s", want: 0 },
    { text: "0ms", want: 0 },
    { text: "1ms", want: 1 },
    { text: "250ms", want: 250 },
    { text: "1.5ms", want: 1.5 },
    { text: "10s", want: 10_000 },
    { text: "0.5s", want: 500 },
    { text: "0.001s", want: 1 },
    { text: "1.5m", want: 90_000 },
    { text: "5m", want: 300_000 },
    { text: "2h", want: 7_200_000 },
    { text: "1d", want: 86_400_000 },
    { text: "007s", want: 7_000 },
    { text: "999999999s", want: 999_999_999_000 },
  ];
  for (const { text, want } of cases) assertEquals(parseDuration(text), want);
});

Deno.test("parseDuration() refuses an invalid duration", () => {
  const texts = [
    "",
    "10",
    "00",
    "s",
    "-1s",
    "+1s",
    "1 s",
    " 1s",
    "1s ",
    "1s\n",
    "1S",
    "1M",
    "1w",
    "1min",
    "1us",
    ".5s",
    "1.s",
    "1.2345s",
    "1,5s",
    "1e3s",
    "0x1s",
    "1h30m",
    "1234567890s",
    "Infinitys",
    "NaN",
    "١s",
  ];
  for (const text of texts) {
    const error = assertThrows(() => parseDuration(text), SyntaxError);
    assertEquals(
      error.message,
      `'${text}' is not a duration such as 250ms, 10s, 5m, 1h or 0`,
    );
  }
});
