import { assertEquals } from "@std/assert";
import {
  RATE_SECONDS,
  RateHistory,
} from "../../../lib/admin/client/rate_history.ts";

/** Rates of bytes down by tick, the latest first. */
function downs(rates: RateHistory, tick: number, count: number): number[] {
  return Array.from({ length: count }, (_, ago) => rates.down(tick - ago));
}

Deno.test("RateHistory.down() is 0 in skipped ticks", () => {
  const rates = new RateHistory();
  rates.write(1, 10, 100);
  rates.write(4, 40, 400);
  assertEquals(downs(rates, 4, 5), [400, 0, 0, 100, 0]);
  assertEquals(rates.up(4), 40);
  assertEquals(downs(rates, 6, 4), [0, 0, 400, 0]);
});

Deno.test("RateHistory.write() forgets rates older than a minute", () => {
  const rates = new RateHistory();
  for (let tick = 1; tick <= 150; tick++) rates.write(tick, tick, tick);
  assertEquals(rates.up(150 - RATE_SECONDS + 1), 150 - RATE_SECONDS + 1);
  assertEquals(rates.up(150 - RATE_SECONDS), 0);
  // They overwrite the values of the minute before.
  rates.write(1_000, 1, 1);
  assertEquals(downs(rates, 1_000, RATE_SECONDS), [
    1,
    ...Array.from({ length: RATE_SECONDS - 1 }, () => 0),
  ]);
});
