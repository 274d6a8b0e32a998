import { assert, assertEquals, assertRejects } from "@std/assert";
import { Context } from "../../lib/sync/context.ts";
import { RateLimiter } from "../../lib/sync/rate_limiter.ts";

Deno.test("RateLimiter.take() allows a burst of one second, then one event at a time", () => {
  let now = 5_000;
  const limiter = new RateLimiter(10, () => now);
  for (let n = 0; n < 10; n++) assertEquals(limiter.take(), 0, `${n}`);
  assertEquals(limiter.take(), 100);
  assertEquals(limiter.take(), 200);
  now += 200;
  assertEquals(limiter.take(), 100);
  now += 60_000;
  for (let n = 0; n < 10; n++) assertEquals(limiter.take(), 0, `${n}`);
  assertEquals(limiter.take(), 100);
});

Deno.test("RateLimiter.take() keeps the rate over a long time", () => {
  let now = 0;
  const limiter = new RateLimiter(1_000, () => now);
  let events = 0;
  while (now < 10_000) {
    now += limiter.take();
    events++;
  }
  assertEquals(events >= 10_999 && events <= 11_001, true, `${events}`);
});

Deno.test("RateLimiter.take() never waits when the rate is 0", () => {
  const limiter = new RateLimiter(0, () => 0);
  for (let n = 0; n < 10_000; n++) assertEquals(limiter.take(), 0);
});

Deno.test("RateLimiter.acquire() throws the reason when cancelled", async () => {
  const limiter = new RateLimiter(1);
  const context = new Context();
  await limiter.acquire(context);
  const waiting = limiter.acquire(context);
  const reason = new Error("cancelled");
  context.cancel(reason);
  assert(await assertRejects(() => waiting) === reason);
});
