import { assertEquals } from "@std/assert";
import { clip, fillCell, fold, widthOf } from "../../lib/top/fill_cell.ts";

Deno.test("clip() keeps text that fits, and marks text that it shortens", () => {
  assertEquals(clip("example.com:443", 15), "example.com:443");
  assertEquals(clip("example.com:443", 14), "example.com:4…");
  assertEquals(clip("example.com:443", 1), "…");
  assertEquals(clip("example.com:443", 0), "");
  assertEquals(clip("", 0), "");
});

Deno.test("clip() escapes characters that could control the terminal", () => {
  assertEquals(clip("a\u001b[2Jb", 20), "a\\u001b[2Jb");
  assertEquals(clip("a\nb\u202ec", 20), "a\\u000ab\\u202ec");
  // A cut escape controls nothing either.
  assertEquals(clip("\u001b]0;title\u0007", 5), "\\u00…");
});

Deno.test("fillCell() fills exactly its columns, also with wide characters", () => {
  for (
    const text of [
      ...["alice", "", "a name that is too long", "例え.テスト:443", "日本語"],
      ...[
        "한국어 사용자",
        "e\u0301clair",
        "👩\u200d💻 dev",
        "\u001b[31m",
        "ｆｕｌｌ",
      ],
    ]
  ) {
    for (const side of ["left", "right"] as const) {
      for (let columns = 0; columns <= 24; columns++) {
        assertEquals(widthOf(fillCell(text, columns, side)), columns, text);
      }
    }
  }
});

Deno.test("fillCell() leaves out a wide character that does not fit", () => {
  assertEquals(fillCell("日本語", 6), "日本語");
  assertEquals(fillCell("日本語", 5), "日本…");
  assertEquals(fillCell("日本語", 4), "日… ");
  assertEquals(fillCell("日本語", 4, "right"), " 日…");
});

Deno.test("fold() loses nothing and keeps to the columns", () => {
  assertEquals(fold("abcdef", 4), ["abcd", "ef"]);
  assertEquals(fold("日本語", 5), ["日本", "語"]);
  assertEquals(fold("日本語", 1), ["日", "本", "語"]);
  assertEquals(fold("", 4), [""]);
  assertEquals(fold("\u001b[2J", 6), ["\\u001b", "[2J"]);
});

Deno.test("clip() reads only the beginning of a very long text", () => {
  assertEquals(clip("x".repeat(10_000_000), 5), "xxxx…");
});
