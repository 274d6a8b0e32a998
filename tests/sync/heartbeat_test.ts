import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { startHeartbeat } from "../../lib/sync/heartbeat.ts";
import { pass } from "../support/time.ts";

Deno.test("startHeartbeat() beats twice and then expires when nothing moves", async () => {
  const events: string[] = [];
  const start = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  startHeartbeat(40, () => 1, {
    beat: () => events.push("beat"),
    expire: () => {
      events.push("expire");
      resolve();
    },
  });
  await promise;
  assertEquals(events, ["beat", "beat", "expire"]);
  assertGreaterOrEqual(performance.now() - start, 119);
});

Deno.test("startHeartbeat() starts again when something has moved", async () => {
  const events: string[] = [];
  let counter = 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  startHeartbeat(40, () => counter, {
    beat() {
      events.push("beat");
      if (events.length === 2) counter++;
    },
    expire: resolve,
  });
  await promise;
  assertEquals(events, ["beat", "beat", "beat", "beat"]);
});

Deno.test("startHeartbeat() does nothing when the period is 0, or when cleared", async () => {
  const fail = () => {
    throw new Error("Not expected");
  };
  startHeartbeat(0, () => 1, { beat: fail, expire: fail }).clear();
  const heartbeat = startHeartbeat(16, () => 1, {
    beat: () => heartbeat.clear(),
    expire: fail,
  });
  // The sanitizers would find a remaining timer.
  await pass(100);
});
