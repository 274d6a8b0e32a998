import { assertEquals } from "@std/assert";
import { chargenBlock } from "../../lib/echo/chargen.ts";

Deno.test("chargenBlock() returns the pattern of RFC 864", () => {
  const text = new TextDecoder().decode(chargenBlock());
  const lines = text.split("\r\n");
  assertEquals(lines.pop(), "");
  assertEquals(
    lines[0],
    " !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefg",
  );
  for (const [row, line] of lines.entries()) {
    assertEquals(line.length, 72);
    const next = lines[(row + 1) % lines.length]!;
    assertEquals(next.slice(0, -1), line.slice(1), `line ${row + 1}`);
  }
});
