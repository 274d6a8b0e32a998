import { assertEquals } from "@std/assert";
import { LineBound } from "../../lib/connect/line_bound.ts";

/** The output for a text that is written in pieces of one length. */
async function bound(text: string, piece: number, longest: number) {
  const bytes = new TextEncoder().encode(text);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    pieces.push(bytes.subarray(at, at + piece));
  }
  const chunks = await Array.fromAsync(
    ReadableStream.from(pieces).pipeThrough(new LineBound(longest)),
  );
  assertEquals(chunks.filter((chunk) => chunk.length === 0), []);
  return await new Blob(chunks).text();
}

Deno.test("LineBound passes one byte too many of a long line and all of other lines, however they are split", async () => {
  const cases: [text: string, want: string][] = [
    ["", ""],
    ["1234\n1234", "1234\n1234"],
    ["\n\n1234\n\n", "\n\n1234\n\n"],
    ["12345\n1\n", "12345\n1\n"],
    ["123456\n1\n", "12345\n1\n"],
    ["1\n1234567890\n1234\n123456", "1\n12345\n1234\n12345"],
    ["x".repeat(1_000), "xxxxx"],
    [`${"x".repeat(1_000)}\n12`, "xxxxx\n12"],
  ];
  for (const [text, want] of cases) {
    for (const piece of [1, 2, 3, 5, 6, 7, 2_000]) {
      assertEquals(await bound(text, piece, 4), want, `${piece} of ${text}`);
    }
  }
});
