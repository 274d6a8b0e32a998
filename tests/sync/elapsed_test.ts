import { assert } from "@std/assert";
import { Context } from "../../lib/sync/context.ts";
import { elapsed } from "../../lib/sync/elapsed.ts";

Deno.test("elapsed() waits until the time is over or its context is cancelled", async () => {
  const begin = performance.now();
  await elapsed(20);
  assert(performance.now() - begin >= 19);
  const context = new Context();
  const waiting = elapsed(60_000, context);
  context.cancel(new Error("enough"));
  await waiting; // The sanitizer would find a remaining timer.
  await elapsed(60_000, context); // Already cancelled.
});
