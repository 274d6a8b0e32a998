import { assertEquals } from "@std/assert";
import { ListCursor } from "../../lib/top/list_cursor.ts";

const isSame = (one: string, other: string) => one === other;

function cursorOf(items: string, height: number): ListCursor<string> {
  const cursor = new ListCursor<string>();
  cursor.take([...items], isSame);
  cursor.fit(height);
  return cursor;
}

Deno.test("ListCursor.press() moves within the list, and shows the selection", () => {
  const cursor = cursorOf("abcdefgh", 3);
  for (
    const [key, item, first] of [
      ["up", "a", 0],
      ["down", "b", 0],
      ["down", "c", 0],
      ["down", "d", 1],
      ["pagedown", "g", 4],
      ["end", "h", 5],
      ["down", "h", 5],
      ["pageup", "e", 4],
      ["up", "d", 3],
      ["home", "a", 0],
    ] as const
  ) {
    assertEquals(cursor.press(key), true);
    assertEquals([cursor.item, cursor.first], [item, first], key);
  }
  assertEquals(cursor.press("k"), false);
});

Deno.test("ListCursor.take() follows the selected item", () => {
  const cursor = cursorOf("abcd", 4);
  cursor.press("down");
  cursor.take([..."dcba"], isSame);
  assertEquals(cursor.item, "b");
  assertEquals(cursor.index, 2);
});

Deno.test("ListCursor.take() selects the item in the place of a removed one", () => {
  const cursor = cursorOf("abcd", 4);
  cursor.press("down");
  cursor.take([..."acd"], isSame);
  assertEquals(cursor.item, "c");
  cursor.take([..."a"], isSame);
  assertEquals(cursor.item, "a");
  cursor.take([], isSame);
  assertEquals([cursor.item, cursor.index, cursor.first], [undefined, 0, 0]);
});

Deno.test("ListCursor.take() stays at the top while the first item is selected", () => {
  const cursor = cursorOf("abcd", 4);
  cursor.take([..."dabc"], isSame);
  assertEquals(cursor.item, "d");
});

Deno.test("ListCursor.fit() keeps the selection visible at any height", () => {
  const cursor = cursorOf("abcdefgh", 8);
  cursor.press("end");
  for (const height of [3, 1, 0, -5, 8, 100]) {
    cursor.fit(height);
    const visible = Math.max(1, height);
    assertEquals(cursor.index, 7);
    assertEquals(cursor.first, Math.max(0, 8 - visible));
  }
});
