import { assertEquals, assertRejects } from "@std/assert";
import { waitAtMost } from "../../lib/sync/wait_at_most.ts";

const never = new Promise<never>(() => {});

Deno.test("waitAtMost() returns what the promise gives in time", async () => {
  assertEquals(await waitAtMost(60_000, Promise.resolve(1), () => 2), 1);
  assertEquals(await waitAtMost(0, Promise.resolve(1), () => 2), 1);
});

Deno.test("waitAtMost() throws the error of the promise", async () => {
  const failed = Promise.reject(new TypeError("broken"));
  await assertRejects(() => waitAtMost(60_000, failed, () => 2), TypeError);
});

Deno.test("waitAtMost() returns or throws what it is told after the time", async () => {
  assertEquals(await waitAtMost(1, never, () => 2), 2);
  const late = () => {
    throw new RangeError("late");
  };
  await assertRejects(() => waitAtMost(1, never, late), RangeError, "late");
});

Deno.test("waitAtMost() ignores an error after the time", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  assertEquals(await waitAtMost(1, promise, () => 2), 2);
  reject(new TypeError("broken"));
  await Promise.resolve();
});
