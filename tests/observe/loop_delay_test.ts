import { assertGreaterOrEqual, assertLess } from "@std/assert";
import { LoopDelay } from "../../lib/observe/loop_delay.ts";

Deno.test("LoopDelay.worst tells how long the loop was held up", async () => {
  using delay = new LoopDelay();
  const end = performance.now() + 600;
  while (performance.now() < end);
  // Timers have their turn in the order in which they are due.
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertGreaterOrEqual(delay.worst, 300);
  assertLess(delay.worst, 30_000);
});
