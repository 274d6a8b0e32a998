import { assertEquals } from "@std/assert";
import { countOf } from "../../lib/observe/count_of.ts";

Deno.test("countOf() uses the singular only for one", () => {
  const texts = [0, 1, 2].map((count) => countOf(count, "user"));
  assertEquals(texts, ["0 users", "1 user", "2 users"]);
});
