import { assertEquals } from "@std/assert";
import { once } from "../../lib/sync/once.ts";

Deno.test("once() acts at the first call and returns its result to all", () => {
  let calls = 0;
  const count = once(() => ++calls);
  assertEquals([calls, count(), count(), calls], [0, 1, 1, 1]);
});
