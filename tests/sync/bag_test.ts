import { assertEquals } from "@std/assert";
import { Bag } from "../../lib/sync/bag.ts";

Deno.test("Bag.toArray() copies the values, oldest first", () => {
  const bag = new Bag<string>();
  const [first] = [bag.add("a"), bag.add("b"), bag.add("c")];
  const copy = bag.toArray();
  first!.remove();
  assertEquals(copy, ["a", "b", "c"]);
  assertEquals(bag.toArray(), ["b", "c"]);
  bag.clear();
  assertEquals(bag.toArray(), []);
});
