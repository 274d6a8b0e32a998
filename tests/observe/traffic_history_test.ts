import { assertEquals } from "@std/assert";
import { TrafficHistory } from "../../lib/observe/traffic_history.ts";

const NOTHING = { sent: 0, received: 0, total: 0, open: 0 };

Deno.test("TrafficHistory.add() returns rates since the last point", () => {
  const history = new TrafficHistory(10, NOTHING, 1_000);
  const first = { sent: 500, received: 5_000, total: 10, open: 3 };
  history.add(first, 6_000);
  history.add({ ...first, sent: 1_500, total: 11, open: 1 }, 11_000);
  assertEquals(history.points, [
    { at: 6_000, up: 100, down: 1_000, opened: 2, open: 3 },
    { at: 11_000, up: 200, down: 0, opened: 0.2, open: 1 },
  ]);
});

Deno.test("TrafficHistory.add() keeps only the given number of points", () => {
  const history = new TrafficHistory(3, NOTHING, 0);
  for (let n = 1; n <= 5; n++) history.add(NOTHING, n * 1_000);
  assertEquals(history.points.map(({ at }) => at), [3_000, 4_000, 5_000]);
});

Deno.test("TrafficHistory.add() returns finite rates when the clock is set back", () => {
  const history = new TrafficHistory(3, NOTHING, 5_000);
  const { up } = history.add({ ...NOTHING, sent: 7 }, 1_000);
  assertEquals(up, 7_000);
});
