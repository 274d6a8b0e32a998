import { assert, assertEquals } from "@std/assert";
import { MOST_AWAITED } from "../../../lib/hub/wire/frame.ts";
import { length32Dialect } from "../../../lib/hub/wire/length32.ts";
import { bytesOf, decodeAll, show, textOf } from "../../support/hub_frames.ts";

const dialect = length32Dialect({ mostBytes: 8, names: false });
const named = length32Dialect({ mostBytes: 8, names: true });

const CASES: [name: string, text: string, frames: string[]][] = [
  ["messages", "\0\0\0\x02hi\0\0\0\x08\n12345\xff\0", [
    "message: hi",
    "message: \n12345\xff\0",
  ]],
  ["heartbeats", "\0\0\0\0\x80\0\0\0\0\0\0\x01x", ["message: x"]],
  ["a command", "\x80\0\0\x04/who", ["command: /who"]],
  ["a frame that is too long", "\0\0\0\x09123456789\0\0\0\x01x", [
    "problem: Not sent: a message has 8 bytes at most",
    "message: x",
  ]],
  ["a truncated head", "\0\0\0\x01x\0\0", [
    "message: x",
    "problem: Not sent: the last frame is not complete",
  ]],
  ["truncated data", "\0\0\0\x02x", [
    "problem: Not sent: the last frame is not complete",
  ]],
];

for (const [name, text, frames] of CASES) {
  Deno.test(`length32Dialect() decodes ${name}, however the bytes are split`, () => {
    for (let cut = 0; cut <= text.length; cut++) {
      const parts = [text.slice(0, cut), text.slice(cut)];
      assertEquals(decodeAll(dialect.decoder(), parts), frames);
    }
    assertEquals(decodeAll(dialect.decoder(), [...text]), frames);
  });
}

Deno.test("length32Dialect() reports a frame that is too long from its head", () => {
  const frames = [...dialect.decoder().push(bytesOf("GET / HTTP/1.1\r\n"))];
  assertEquals(frames.map(show), [
    "problem: Not sent: a message has 8 bytes at most",
  ]);
});

Deno.test("length32Dialect() encodes messages, names, notices and heartbeats", () => {
  const message = { from: "al", bytes: bytesOf("\xffx") };
  assertEquals(textOf(dialect.encodeMessage(message)), "\0\0\0\x02\xffx");
  assertEquals(textOf(named.encodeMessage(message)), "\0\0\0\x06al: \xffx");
  assertEquals(textOf(dialect.encodeNotice("ok")), "\x80\0\0\x02ok");
  assertEquals(textOf(dialect.heartbeat), "\0\0\0\0");
});

Deno.test("length32Dialect() reports the missing bytes and never asks for those of the next frame", () => {
  const { decoder } = length32Dialect({ mostBytes: 100_000, names: false });
  for (const length of [0, 1, 5, 16_384, 16_385, 100_000, 100_001]) {
    const one = decoder();
    const frame = new Uint8Array(4 + length);
    new DataView(frame.buffer).setUint32(0, length);
    const asked: number[] = [];
    for (let at = 0; at < frame.length;) {
      const { least } = one;
      asked.push(least);
      [...one.push(frame.subarray(at, at + least))];
      at += least;
      assert(least > 0 && at <= frame.length, `${asked} of ${frame.length}`);
    }
    assertEquals(asked.length, 1 + Math.ceil(length / MOST_AWAITED));
    assertEquals(one.least, 4);
  }
});
