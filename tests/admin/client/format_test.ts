import { assertEquals } from "@std/assert";
import {
  formatClock,
  formatCount,
  formatCountdown,
  formatElapsed,
  formatFrequency,
  formatLasted,
  formatNumberOf,
  formatOffset,
  formatRate,
  formatTime,
  NOTHING,
} from "../../../lib/admin/client/format.ts";

Deno.test("formatRate() formats bytes a second", () => {
  assertEquals(formatRate(1_249), "1.2 kB/s");
});

Deno.test("formatDuration() shows the two largest units", () => {
  const [second, minute, hour, day] = [1e3, 6e4, 36e5, 864e5] as const;
  const cases: [number, string][] = [
    [-5, "0s"],
    [0, "0s"],
    [minute - 1, "59s"],
    [minute, "1m 00s"],
    [3 * minute + 5 * second, "3m 05s"],
    [hour - 1, "59m 59s"],
    [2 * hour + 14 * minute, "2h 14m"],
    [day, "1d 00h"],
    [100 * day + 4 * hour, "100d 04h"],
  ];
  for (const [time, text] of cases) assertEquals(formatElapsed(time), text);
});

Deno.test("formatCountdown() reaches 0 at the end, not before", () => {
  const cases: [number, string][] = [
    [-1, "0:00"],
    [0, "0:00"],
    [1, "0:01"],
    [23_000, "0:23"],
    [725_000, "12:05"],
    [3_723_000, "1:02:03"],
  ];
  for (const [left, text] of cases) assertEquals(formatCountdown(left), text);
});

Deno.test("formatCount() and formatFrequency() separate thousands", () => {
  assertEquals(formatCount(10_000), "10,000");
  assertEquals(
    [0, 0.04, 0.4, 9.94, 9.95, 1_204].map(formatFrequency),
    ["0", "0.0", "0.4", "9.9", "10", "1,204"],
  );
  assertEquals(formatNumberOf(1, "tunnel"), "1 tunnel");
  assertEquals(formatNumberOf(2_000, "tunnel"), "2,000 tunnels");
});

Deno.test("formatClock() shows a dash for an invalid time", () => {
  assertEquals(formatClock("whatever"), NOTHING);
  const noon = new Date(2026, 0, 2, 3, 4, 5);
  assertEquals(formatClock(noon.getTime()), "03:04:05");
  assertEquals(formatClock(noon.toISOString()), "03:04:05");
});

Deno.test("formatTime() includes the day and the time zone", () => {
  const time = new Date(2026, 0, 2, 3, 4, 5);
  const zone = formatOffset(-time.getTimezoneOffset());
  assertEquals(formatTime(time.toISOString()), `2026-01-02 03:04:05 ${zone}`);
  assertEquals(formatTime("whatever"), NOTHING);
});

Deno.test("formatOffset() is positive east of UTC", () => {
  assertEquals(
    [0, 60, 330, -210].map(formatOffset),
    ["UTC", "UTC+01:00", "UTC+05:30", "UTC−03:30"],
  );
});

Deno.test("formatLasted() gives milliseconds below a second", () => {
  assertEquals(
    [-1, 0, 33.4, 999, 1_000, 61_000].map(formatLasted),
    ["0ms", "0ms", "33ms", "999ms", "1s", "1m 01s"],
  );
});
