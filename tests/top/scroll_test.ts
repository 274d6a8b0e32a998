import { assertEquals } from "@std/assert";
import { Scroll } from "../../lib/top/scroll.ts";

Deno.test("Scroll.press() scrolls within the text", () => {
  const scroll = new Scroll();
  scroll.fit(10, 4);
  for (
    const [key, first] of [
      ...[["up", 0], ["down", 1], ["pagedown", 5], ["pagedown", 6]] as const,
      ...[["down", 6], ["pageup", 2], ["end", 6], ["home", 0]] as const,
    ]
  ) {
    assertEquals(scroll.press(key), true);
    assertEquals(scroll.first, first, key);
  }
  assertEquals(scroll.press("x"), false);
});

Deno.test("Scroll.fit() moves back when the text gets shorter", () => {
  const scroll = new Scroll();
  scroll.fit(10, 4);
  scroll.press("end");
  scroll.fit(5, 4);
  assertEquals(scroll.first, 1);
  scroll.fit(0, 0);
  assertEquals(scroll.first, 0);
});
