import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { setDeadline } from "../../lib/sync/deadline.ts";
import { watchStall } from "../../lib/sync/stall.ts";
import { within } from "../support/sockets.ts";

/** Resolves after a time. */
function elapsed(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setDeadline(milliseconds, resolve);
  return promise;
}

Deno.test("watchStall() calls back once when nothing has moved for the limit", async () => {
  for (const limit of [16, 40, 80]) {
    const started = performance.now();
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    watchStall(limit, () => 7, () => {
      calls++;
      resolve();
    });
    await within(5_000, promise);
    const took = performance.now() - started;
    assertGreaterOrEqual(took, limit);
    assertLess(took, limit * 10 + 1_000);
    await elapsed(limit * 2);
    assertEquals(calls, 1);
  }
});

Deno.test("watchStall() gives the whole limit after the last move", async () => {
  let count = 0;
  let moved = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  watchStall(80, () => count, resolve);
  for (let n = 0; n < 4; n++) {
    await elapsed(25);
    count++;
    moved = performance.now();
  }
  await within(5_000, promise);
  const took = performance.now() - moved;
  assertGreaterOrEqual(took, 80);
  assertLess(took, 1_800);
});

Deno.test("watchStall() checks the counter at most nine times when nothing moves", async () => {
  // This keeps it within 9/8 of the limit, and needs no clock.
  let looks = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  watchStall(40, () => {
    looks++;
    return 0;
  }, resolve);
  await within(5_000, promise);
  assertEquals(looks, 9);
});

Deno.test("watchStall() does not call back while the counter moves", async () => {
  let looks = 0;
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  // The counter moves between any two checks, because each check moves it.
  const watch = watchStall(16, () => {
    if (++looks === 40) resolve();
    return looks;
  }, () => calls++);
  await within(10_000, promise);
  watch.clear();
  assertEquals(calls, 0);
});

Deno.test("watchStall() counts a decrease as a move", async () => {
  let looks = 0;
  let calls = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const watch = watchStall(16, () => {
    if (++looks === 40) resolve();
    return -looks;
  }, () => calls++);
  await within(10_000, promise);
  watch.clear();
  assertEquals(calls, 0);
});

Deno.test("watchStall() starts again after a move", async () => {
  // Seven checks without a move, one move, then eight more checks until the
  // end.
  let looks = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  watchStall(16, () => ++looks <= 8 ? 0 : 1, resolve);
  await within(10_000, promise);
  assertEquals(looks, 1 + 7 + 1 + 8);
});

Deno.test("watchStall() never calls back when the limit is 0", async () => {
  let calls = 0;
  const watch = watchStall(0, () => 0, () => calls++);
  await elapsed(30);
  watch.clear();
  assertEquals(calls, 0);
});

Deno.test({
  name: "Deadline.clear() ends the watch",
  sanitizeOps: true, // Off by default; it would find the timer.
  async fn() {
    let calls = 0;
    const early = watchStall(60_000, () => 0, () => calls++);
    early.clear();
    let looks = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    const late = watchStall(80, () => {
      if (++looks === 3) resolve();
      return 0;
    }, () => calls++);
    await within(5_000, promise);
    late.clear();
    late.clear();
    assertEquals(looks, 3);
    assertEquals(calls, 0);
  },
});
