import { assertEquals } from "@std/assert";
import { TerminalText } from "../../lib/observe/terminal_text.ts";

/** Shows bytes that arrive in pieces of one length. */
function show(bytes: Uint8Array, piece: number): string {
  const text = new TerminalText();
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += piece) {
    parts.push(text.push(bytes.subarray(at, at + piece)));
  }
  parts.push(text.end());
  return parts.map((part) => new TextDecoder().decode(part)).join("");
}

Deno.test("TerminalText escapes characters that control a terminal, however the bytes are split", () => {
  const cases = [
    ["plain\ttext\r\nnext\n", "plain\ttext\r\nnext\n"],
    ["héllo 世界 👍", "héllo 世界 👍"],
    ["\x1b]0;title\x07", "\\u001b]0;title\\u0007"],
    ["\x1b[2J\x9b2J", "\\u001b[2J\\u009b2J"],
    ["a\x00b\x08c\x7f", "a\\u0000b\\u0008c\\u007f"],
    ["\u202eevil", "\\u202eevil"],
  ];
  for (const [text, shown] of cases) {
    const bytes = new TextEncoder().encode(text);
    for (let piece = 1; piece <= bytes.length; piece++) {
      assertEquals(show(bytes, piece), shown, `${shown} by ${piece}`);
    }
  }
});

Deno.test("TerminalText leaves only three control characters of all 256 bytes", () => {
  for (let byte = 0; byte < 256; byte++) {
    const shown = show(Uint8Array.of(byte), 1);
    const isKept = byte >= 0x20 && byte < 0x7f || [9, 10, 13].includes(byte);
    if (isKept) assertEquals(shown, String.fromCharCode(byte));
    else if (byte >= 0x80) assertEquals(shown, "\ufffd");
    else assertEquals(shown, `\\u00${byte.toString(16).padStart(2, "0")}`);
  }
});
