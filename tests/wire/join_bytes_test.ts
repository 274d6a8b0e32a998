import { assertEquals } from "@std/assert";
import { joinBytes } from "../../lib/wire/join_bytes.ts";

Deno.test("joinBytes() copies parts behind one another", () => {
  const first = new Uint8Array([1, 2]);
  const whole = joinBytes(first, new Uint8Array(), new Uint8Array([3]));
  assertEquals(whole, new Uint8Array([1, 2, 3]));
  first[0] = 9;
  assertEquals(whole[0], 1);
  assertEquals(joinBytes(), new Uint8Array());
});
