import { assertEquals } from "@std/assert";
import { parseDuration } from "../../lib/cli/duration.ts";
import { formatSpan } from "../../lib/observe/format_span.ts";

Deno.test("formatSpan() uses the largest unit that leaves a whole number", () => {
  const cases: [milliseconds: number, text: string][] = [
    [1, "1ms"],
    [999, "999ms"],
    [1_000, "1s"],
    [1_500, "1500ms"],
    [60_000, "1m"],
    [90_000, "90s"],
    [900_000, "15m"],
    [3_600_000, "1h"],
    [5_400_000, "90m"],
    [86_400_000, "24h"],
  ];
  for (const [milliseconds, text] of cases) {
    assertEquals(formatSpan(milliseconds), text);
    assertEquals(parseDuration(text), milliseconds);
  }
});
