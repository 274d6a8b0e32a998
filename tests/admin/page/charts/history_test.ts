import { assertEquals } from "@std/assert";
import type { HistoryAnswer, HistoryPoint } from "../../../../lib/admin/api.ts";
import { History } from "../../../../lib/admin/page/charts/history.ts";
import { nearest } from "../../../../lib/admin/page/charts/nearest.ts";

const START = 1_000_000_000;

function answer(
  at: number[],
  more: Partial<HistoryAnswer> = {},
): HistoryAnswer {
  const column = at.map(() => 1);
  return {
    range: "5m",
    from: START,
    to: at.at(-1) ?? START,
    stepMs: 5_000,
    startedAt: START,
    at,
    series: {
      ...{ up: column, down: column, open: column, memory: column },
      ...{ opened: column, ended: column, failed: column, refused: column },
      ...{ dialP50: column, dialP95: column },
      ...{ resolveP50: column, resolveP95: column },
    },
    ...more,
  };
}

function point(at: number, value = 2): HistoryPoint {
  return {
    at,
    ...{ up: value, down: value, open: value, memory: value },
    ...{ opened: value, ended: value, failed: value, refused: value },
    ...{ dialP50: value, dialP95: value },
    ...{ resolveP50: value, resolveP95: value },
  };
}

/** Seconds since the start. */
function times(history: History, now: number): number[] {
  return history.past(now).times.map((time) => time - START / 1000);
}

Deno.test("History.add() continues the answer, and drops older points", () => {
  const history = new History(answer([START + 5_000, START + 10_000]));
  history.add(point(START + 15_000));
  // A repeated point, which the answer already had.
  history.add(point(START + 15_000));
  assertEquals(times(history, START + 15_000), [5, 10, 15]);
  for (let n = 4; n <= 200; n++) history.add(point(START + n * 5_000));
  const { range, times: all, values } = history.past(START + 1_000_000);
  assertEquals(all.length, 61);
  assertEquals(range[1] - range[0], 300);
  assertEquals(all[0], range[0]);
  assertEquals(
    new Set(Object.values(values).map(({ length }) => length)).size,
    1,
  );
});

Deno.test("History.add() breaks the line where the program was suspended", () => {
  const history = new History(answer([START + 5_000]));
  history.add(point(START + 60_000));
  const { values } = history.past(START + 60_000);
  assertEquals(times(history, START + 60_000), [5, 10, 60]);
  assertEquals(values.down, [1, null, 2]);
  // Refusals are failures too.
  assertEquals(values.failed, [2, null, 4]);
});

Deno.test("History.add() leaves longer steps to the server", () => {
  const at = [START + 60_000];
  const history = new History(answer(at, { range: "24h", stepMs: 60_000 }));
  history.add(point(START + 125_000));
  assertEquals(times(history, START + 125_000), [60]);
  assertEquals(history.isStale(START + 150_000), false);
  assertEquals(history.isStale(START + 220_000), true);
});

Deno.test("History.past() shows nothing before the program's start", () => {
  const history = new History(answer([]));
  const { range, startedAt, times } = history.past(START + 2_000);
  assertEquals(times, []);
  assertEquals(startedAt, START / 1000);
  assertEquals(range, [(START - 298_000) / 1000, (START + 2_000) / 1000]);
  // A young program has a shorter chart.
  const young = new History(answer([], { range: "24h" }));
  assertEquals(
    young.past(START + 600_000).range,
    [START / 1000, (START + 600_000) / 1000],
  );
});

Deno.test("nearest() finds the nearest time", () => {
  const cases: [times: number[], time: number, found: number][] = [
    [[], 5, -1],
    [[10], 99, 0],
    [[10, 20, 30], 0, 0],
    [[10, 20, 30], 14, 0],
    [[10, 20, 30], 16, 1],
    [[10, 20, 30], 20, 1],
    [[10, 20, 30], 99, 2],
  ];
  for (const [times, time, found] of cases) {
    assertEquals(nearest(times, time), found, String([times, time]));
  }
});
