import { assertEquals } from "@std/assert";
import { SharedCounter } from "../../../lib/sync/shared/counter.ts";

Deno.test("SharedCounter.next() returns each number to one user only", () => {
  const one = new SharedCounter();
  const other = new SharedCounter(one.memory);
  const numbers = [one.next(), other.next(), other.next(), one.next()];
  assertEquals(numbers, [1, 2, 3, 4]);
  assertEquals(new SharedCounter().next(), 1);
});
