import { assertEquals } from "@std/assert";
import { oneAtATime } from "../../lib/sync/one_at_a_time.ts";

Deno.test("oneAtATime() does nothing while the work is running", async () => {
  let begun = 0;
  let { promise, resolve } = Promise.withResolvers<void>();
  const errors: unknown[] = [];
  const begin = oneAtATime(() => {
    begun++;
    return promise;
  }, (error) => errors.push(error));
  begin();
  begin();
  assertEquals(begun, 1);
  resolve();
  await turn();
  ({ promise, resolve } = Promise.withResolvers<void>());
  begin();
  begin();
  assertEquals([begun, errors], [2, []]);
  resolve();
});

Deno.test("oneAtATime() reports an error, and runs the work again", async () => {
  const errors: unknown[] = [];
  const begin = oneAtATime(
    () => Promise.reject("why"),
    (error) => errors.push(error),
  );
  begin();
  await turn();
  begin();
  await turn();
  assertEquals(errors, ["why", "why"]);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
