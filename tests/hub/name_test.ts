import { assertEquals, assertThrows } from "@std/assert";
import { parseHubName, parseRoomName } from "../../lib/hub/name.ts";

Deno.test("parseHubName() accepts letters and digits of any script", () => {
  for (const name of ["a", "Alice", "al.ice-2_x", "Zoë", "李", "अनिल", "7"]) {
    assertEquals(parseHubName(name).text, name.normalize("NFKC"));
  }
  assertEquals(parseHubName("x".repeat(32)).text.length, 32);
});

Deno.test("parseHubName() returns one key for all spellings of a name", () => {
  const keys = ["Zoë", "zoe\u0308", "ZOË", "ｚｏë"].map((name) =>
    parseHubName(name).key
  );
  assertEquals(new Set(keys).size, 1);
});

Deno.test("parseHubName() refuses names that could be mistaken for something else", () => {
  const wrong = [
    ...["", " ", "a b", "* x", "a:", "-a", "a-", ".", "a\n", "a\u0000"],
    ...["a\u202eb", "a\u200bb", "\u0301a", "a\x1b[31m", "😀", "\ufffd"],
    ...["a\ufe0fb", "a\u034fb", "\u3164", "a\u{e0101}b", "a\u{e0041}b"],
    ...["x".repeat(33), "You", "hub", "HUB", "ｈｕｂ", "guest-1", "Guest-99"],
  ];
  for (const name of wrong) {
    assertThrows(() => parseHubName(name), SyntaxError, undefined, name);
  }
});

Deno.test("parseRoomName() has no reserved names", () => {
  assertEquals(parseRoomName("Hub"), { text: "Hub", key: "hub" });
});
