import { assert } from "@std/assert";
import { Context } from "../../lib/sync/context.ts";
import { elapsed } from "../../lib/sync/elapsed.ts";

Deno.test("elapsed() waits, and no longer than until its context is cancelled", async () => {
  const begin = performance.now();
  await elapsed(20);
  assert(performance.now() - begin >= 19);
  const context = new Context();
  const waiting = elapsed(60_000, context);
  context.cancel(new Error("enough"));
  await waiting; // No timer is left: the sanitizer would tell.
  await elapsed(60_000, context); // Cancelled before.
});
