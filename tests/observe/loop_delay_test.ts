import { assertGreaterOrEqual, assertLess } from "@std/assert";
import { LoopDelay } from "../../lib/observe/loop_delay.ts";

Deno.test("LoopDelay.worst measures how long the loop was blocked", async () => {
  using delay = new LoopDelay();
  const end = performance.now() + 600;
  while (performance.now() < end);
  // Timers run in the order of their due times.
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertGreaterOrEqual(delay.worst, 300);
  assertLess(delay.worst, 30_000);
});
