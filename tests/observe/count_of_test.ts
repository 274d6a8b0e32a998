import { assertEquals } from "@std/assert";
import { countOf } from "../../lib/observe/count_of.ts";

Deno.test("countOf() says one of it, or several", () => {
  const said = [0, 1, 2].map((count) => countOf(count, "user"));
  assertEquals(said, ["0 users", "1 user", "2 users"]);
});
