import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import { setDeadline } from "../../lib/sync/deadline.ts";
import { within } from "../support/sockets.ts";

/** Resolves after a limit of this length. */
function elapsed(milliseconds: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setDeadline(milliseconds, resolve);
  return promise;
}

Deno.test("setDeadline() calls back once when the time has passed", async () => {
  for (const length of [1, 2.5, 20, 60]) {
    const started = performance.now();
    let calls = 0;
    const { promise, resolve } = Promise.withResolvers<void>();
    setDeadline(length, () => {
      calls++;
      resolve();
    });
    await within(5_000, promise);
    const took = performance.now() - started;
    assertGreaterOrEqual(took, length);
    assertLess(took, length * 10 + 1_000);
    await elapsed(length);
    assertEquals(calls, 1);
  }
});

Deno.test("setDeadline() never calls back when the time is 0", async () => {
  let calls = 0;
  const limits = [0, -1].map((length) => setDeadline(length, () => calls++));
  await elapsed(30);
  assertEquals(calls, 0);
  for (const limit of limits) limit.clear();
});

Deno.test("setDeadline() calls back in the order of the end times", async () => {
  const order: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  setDeadline(80, () => {
    order.push("80");
    resolve();
  });
  setDeadline(20, () => order.push("20 a"));
  setDeadline(50, () => order.push("50"));
  setDeadline(20, () => order.push("20 b"));
  setDeadline(20, () => order.push("20 c"));
  await within(5_000, promise);
  assertEquals(order, ["20 a", "20 b", "20 c", "50", "80"]);
});

Deno.test("setDeadline() gives each limit its whole time when several have one length", async () => {
  const lengths: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  function start(): void {
    const started = performance.now();
    setDeadline(50, () => {
      lengths.push(performance.now() - started);
      if (lengths.length === 3) resolve();
    });
  }
  start();
  await elapsed(20);
  start();
  await elapsed(21);
  start();
  await within(5_000, promise);
  for (const length of lengths) {
    assertGreaterOrEqual(length, 50);
    assertLess(length, 1_500);
  }
});

Deno.test("Deadline.clear() stops the limit", async () => {
  const calls: string[] = [];
  const first = setDeadline(20, () => calls.push("first"));
  setDeadline(20, () => calls.push("second"));
  const third = setDeadline(20, () => calls.push("third"));
  first.clear();
  third.clear();
  third.clear();
  await elapsed(40);
  assertEquals(calls, ["second"]);
});

Deno.test("Deadline.clear() of the head leaves the next its whole time", async () => {
  const head = setDeadline(50, () => {});
  await elapsed(30);
  const started = performance.now();
  const next = elapsed(50);
  head.clear();
  await within(5_000, next);
  assertGreaterOrEqual(performance.now() - started, 50);
});

Deno.test("Deadline.clear() does nothing when the time has passed", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const passed = setDeadline(20, resolve);
  await promise;
  let calls = 0;
  setDeadline(20, () => calls++);
  passed.clear();
  await elapsed(40);
  assertEquals(calls, 1);
});

Deno.test("Deadline.clear() stops a limit that is due in the same turn when called by a callback", async () => {
  const calls: string[] = [];
  setDeadline(20, () => {
    calls.push("first");
    second.clear();
  });
  const second = setDeadline(20, () => calls.push("second"));
  const third = elapsed(20);
  await within(5_000, third);
  assertEquals(calls, ["first"]);
});

Deno.test("Deadline.clear() does nothing when a callback clears its own limit", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const limit = setDeadline(20, () => {
    limit.clear();
    resolve();
  });
  const other = elapsed(20);
  await within(5_000, Promise.all([promise, other]));
});

Deno.test("setDeadline() runs for its whole time again when a callback sets it", async () => {
  const times = [performance.now()];
  const { promise, resolve } = Promise.withResolvers<void>();
  function again(): void {
    times.push(performance.now());
    if (times.length === 5) resolve();
    else setDeadline(20, again);
  }
  setDeadline(20, again);
  await within(5_000, promise);
  for (let n = 1; n < times.length; n++) {
    assertGreaterOrEqual(times[n]! - times[n - 1]!, 20);
  }
});

Deno.test("setDeadline() works again when a callback has emptied the queue", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  setDeadline(20, () => {
    other.clear(); // The last of its length, so the queue is removed.
    setDeadline(20, () => {}).clear();
    setDeadline(20, resolve);
  });
  const other = setDeadline(20, () => {});
  await within(5_000, promise);
});

Deno.test("setDeadline() does not call back immediately when the time exceeds 2^31 ms", async () => {
  let calls = 0;
  const lengths = [2 ** 31 - 1, 2 ** 31, 2 ** 32 + 1, 1e15, Infinity];
  const limits = lengths.map((length) => setDeadline(length, () => calls++));
  await elapsed(40);
  assertEquals(calls, 0);
  for (const limit of limits) limit.clear();
});

Deno.test("setDeadline() sets no longer timer than the platform supports", () => {
  // A longer timer fires immediately, again and again until the end.
  const { setTimeout } = globalThis;
  const delays: unknown[] = [];
  globalThis.setTimeout = ((callback: () => void, delay?: number) => {
    delays.push(delay);
    return setTimeout(callback, delay);
  }) as typeof globalThis.setTimeout;
  try {
    setDeadline(2 ** 31, () => {}).clear();
    setDeadline(Infinity, () => {}).clear();
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals(delays, [2 ** 31 - 1, 2 ** 31 - 1]);
});

Deno.test({
  name: "setDeadline() leaves no timer when everything is cleared",
  sanitizeOps: true, // Off by default; it would find the timer.
  fn() {
    const limits = Array.from(
      { length: 1_000 },
      (_, n) => setDeadline(60_000 + n % 7, () => {}),
    );
    for (const limit of limits) limit.clear();
    const reversed = Array.from(
      { length: 100 },
      () => setDeadline(60_000, () => {}),
    );
    for (const limit of reversed.reverse()) limit.clear();
  },
});

Deno.test({
  name: "setDeadline() leaves no timer when all limits have expired",
  sanitizeOps: true, // Off by default; it would find the timer.
  async fn() {
    for (const length of [1, 5, 1, 20]) await within(5_000, elapsed(length));
  },
});
