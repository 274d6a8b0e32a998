import { assertEquals } from "@std/assert";
import { formatBytes } from "../../lib/observe/format_bytes.ts";

Deno.test("formatBytes() changes the unit after three digits", () => {
  const cases = [
    { count: 0, want: "0 B" },
    { count: 1, want: "1 B" },
    { count: 999, want: "999 B" },
    { count: 999.4, want: "999 B" },
    { count: 999.5, want: "1.0 kB" },
    { count: 1_000, want: "1.0 kB" },
    { count: 1_049, want: "1.0 kB" },
    { count: 1_234, want: "1.2 kB" },
    { count: 9_949, want: "9.9 kB" },
    { count: 9_950, want: "10 kB" },
    { count: 30_000, want: "30 kB" },
    { count: 999_499, want: "999 kB" },
    { count: 999_500, want: "1.0 MB" },
    { count: 1_500_000, want: "1.5 MB" },
    { count: 999_499_999, want: "999 MB" },
    { count: 999_500_000, want: "1.0 GB" },
    { count: 2.5e12, want: "2.5 TB" },
    { count: 9e15, want: "9.0 PB" },
    { count: 5e18, want: "5000 PB" },
  ];
  for (const { count, want } of cases) assertEquals(formatBytes(count), want);
});
