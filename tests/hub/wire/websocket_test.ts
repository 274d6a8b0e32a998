import { assertEquals } from "@std/assert";
import {
  acceptInput,
  encodeClose,
  encodeWebSocketFrame,
  OPCODE,
} from "../../../lib/hub/wire/websocket.ts";
import { toHex } from "../../support/dialogue.ts";

Deno.test("acceptInput() yields the RFC's example answer", async () => {
  const input = acceptInput("dGhlIHNhbXBsZSBub25jZQ==");
  const hash = await crypto.subtle.digest("SHA-1", input);
  const accept = new Uint8Array(hash).toBase64();
  assertEquals(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

Deno.test("encodeWebSocketFrame() writes every length in its shortest form", () => {
  const cases: [length: number, head: string][] = [
    [0, "8200"],
    [1, "8201"],
    [125, "827d"],
    [126, "827e007e"],
    [127, "827e007f"],
    [65535, "827effff"],
    [65536, "827f0000000000010000"],
  ];
  for (const [length, head] of cases) {
    const data = new Uint8Array(length).fill(7);
    const frame = encodeWebSocketFrame(OPCODE.Binary, data);
    assertEquals(toHex(frame.subarray(0, frame.length - length)), head);
    assertEquals(frame.subarray(frame.length - length), data);
  }
});

Deno.test("encodeWebSocketFrame() writes the RFC's examples", () => {
  const hello = new TextEncoder().encode("Hello");
  const frame = encodeWebSocketFrame(OPCODE.Text, hello);
  assertEquals(toHex(frame), "810548656c6c6f");
  const ping = encodeWebSocketFrame(OPCODE.Ping, hello);
  assertEquals(toHex(ping), "890548656c6c6f");
});

Deno.test("encodeClose() truncates a long reason between two characters", () => {
  assertEquals(toHex(encodeClose(1000)), "880203e8");
  assertEquals(toHex(encodeClose(1001, "ok")), "880403e96f6b");
  const long = encodeClose(1001, "é".repeat(100));
  assertEquals(long[1], 2 + 122);
  assertEquals(new TextDecoder().decode(long.subarray(4)), "é".repeat(61));
});
