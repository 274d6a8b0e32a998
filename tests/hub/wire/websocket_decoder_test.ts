import { assert, assertEquals } from "@std/assert";
import { OPCODE, WebSocketError } from "../../../lib/hub/wire/websocket.ts";
import { WebSocketDecoder } from "../../../lib/hub/wire/websocket_decoder.ts";
import { join } from "../../support/dialogue.ts";
import { bytesOf, textOf } from "../../support/hub_frames.ts";
import { seededRandom } from "../../support/random.ts";
import { clientFrame, type FrameOptions } from "../../support/websocket.ts";

const { Binary, Close, Continuation, Ping, Pong, Text } = OPCODE;
const MORE = { isFinal: false };

/** The results for parts: events as text, then the code of an error. */
function decode(parts: Uint8Array[], most = 200): string[] {
  const decoder = new WebSocketDecoder(most);
  const events: string[] = [];
  try {
    for (const part of parts) {
      for (const event of decoder.push(part)) {
        events.push(
          event.type === "close"
            ? `close ${event.code}`
            : `${event.type} ${textOf(event.bytes)}`,
        );
      }
    }
  } catch (error) {
    assert(error instanceof WebSocketError, `${error}`);
    events.push(`error ${error.code}`);
  }
  return events;
}

type Frame = [opcode: number, data: string, options?: FrameOptions];

const GOOD: [name: string, frames: Frame[], events: string[]][] = [
  ["texts", [[Text, "Hello"], [Text, ""]], ["text Hello", "text "]],
  ["UTF-8", [[Text, "\xc3\xa4"]], ["text \xc3\xa4"]],
  ["binary data", [[Binary, "\0\xff"]], ["binary \0\xff"]],
  ["lengths at the limits", [
    [Binary, "x".repeat(125)],
    [Binary, "y".repeat(126)],
    [Binary, "z".repeat(200)],
  ], [
    `binary ${"x".repeat(125)}`,
    `binary ${"y".repeat(126)}`,
    `binary ${"z".repeat(200)}`,
  ]],
  ["a mask of zeros", [[Text, "a", { mask: [0, 0, 0, 0] }]], ["text a"]],
  ["fragments", [
    [Text, "\xc3", MORE],
    [Continuation, "", MORE],
    [Continuation, "\xa4"],
    [Text, "b"],
  ], ["text \xc3\xa4", "text b"]],
  ["control frames between fragments", [
    [Binary, "a", MORE],
    [Ping, "p"],
    [Pong, ""],
    [Continuation, "b"],
  ], ["ping p", "pong ", "binary ab"]],
  ["the longest ping", [[Ping, "p".repeat(125)]], [`ping ${"p".repeat(125)}`]],
  ["a close without a code", [[Close, ""]], ["close undefined"]],
  ["a close with a reason", [[Close, "\x03\xe8bye"]], ["close 1000"]],
];

const BAD: [name: string, frames: Frame[], code: number][] = [
  ["a frame without a mask", [[Text, "a", { mask: undefined }]], 1002],
  ["a ping without a mask", [[Ping, "", { mask: undefined }]], 1002],
  ["RSV1", [[Text, "a", { reserved: 4 }]], 1002],
  ["RSV2", [[Text, "a", { reserved: 2 }]], 1002],
  ["RSV3", [[Ping, "", { reserved: 1 }]], 1002],
  ["a ping in fragments", [[Ping, "a", MORE]], 1002],
  ["a ping of 126 bytes", [[Ping, "p".repeat(126)]], 1002],
  ["a continuation of nothing", [[Continuation, "a"]], 1002],
  ["a message within a message", [[Text, "a", MORE], [Text, "b"]], 1002],
  ["an extra continuation", [
    [Text, "a", MORE],
    [Continuation, "b"],
    [Continuation, "c"],
  ], 1002],
  ["a length of two bytes for 125", [
    [Binary, "x".repeat(125), { extended: 2 }],
  ], 1002],
  ["a length of eight bytes for 126", [
    [Binary, "x".repeat(126), { extended: 8 }],
  ], 1002],
  ["a length over 63 bits", [
    [Binary, "", { extended: 8, length: 1n << 63n }],
  ], 1002],
  ["a message that is too long", [[Binary, "x".repeat(201)]], 1009],
  ["a length over 53 bits", [
    [Binary, "", { extended: 8, length: (1n << 63n) - 1n }],
  ], 1009],
  ["fragments that are too long together", [
    [Binary, "x".repeat(150), MORE],
    [Continuation, "x".repeat(51), MORE],
  ], 1009],
  ["text that is not UTF-8", [[Text, "\xff"]], 1007],
  ["an overlong form", [[Text, "\xc0\x80"]], 1007],
  ["a surrogate", [[Text, "\xed\xa0\x80"]], 1007],
  ["text that ends inside a character", [[Text, "\xc3"]], 1007],
  ["a close of one byte", [[Close, "\x03"]], 1002],
  ["a close with a reason that is not UTF-8", [[Close, "\x03\xe8\xff"]], 1007],
];

function encode(frames: Frame[]): Uint8Array {
  return join(...frames.map((frame) => clientFrame(...frame)));
}

for (const [name, frames, events] of GOOD) {
  Deno.test(`WebSocketDecoder decodes ${name}, however the bytes are split`, () => {
    const bytes = encode(frames);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assertEquals(decode(parts), events, `cut at ${cut}`);
    }
    const single = [...bytes].map((byte) => Uint8Array.of(byte));
    assertEquals(decode(single), events);
  });
}

for (const [name, frames, code] of BAD) {
  Deno.test(`WebSocketDecoder throws ${code} for ${name}, however the bytes are split`, () => {
    const bytes = encode(frames);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const parts = [bytes.subarray(0, cut), bytes.subarray(cut)];
      assertEquals(decode(parts).at(-1), `error ${code}`, `cut at ${cut}`);
    }
  });
}

Deno.test("WebSocketDecoder handles all 16 opcodes", () => {
  const known: number[] = Object.values(OPCODE);
  for (let opcode = 0; opcode < 16; opcode++) {
    const [event] = decode([clientFrame(opcode, "")]);
    const isGood = known.includes(opcode) && opcode !== Continuation;
    assertEquals(event === "error 1002", !isGood, `opcode ${opcode}`);
  }
});

Deno.test("WebSocketDecoder handles all close codes", () => {
  const good = (code: number) =>
    code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code) ||
    code >= 3000 && code <= 4999;
  for (let code = 0; code < 65536; code += code < 5100 ? 1 : 997) {
    const data = Uint8Array.of(code >> 8, code & 0xff);
    const expected = good(code) ? `close ${code}` : "error 1002";
    assertEquals(decode([clientFrame(Close, data)]), [expected]);
  }
});

Deno.test("WebSocketDecoder refuses a length before the data arrives", () => {
  const frame = clientFrame(Binary, "x".repeat(201)).subarray(0, 8);
  assertEquals(decode([frame]), ["error 1009"]);
});

Deno.test("WebSocketDecoder copies the bytes that it keeps", () => {
  const decoder = new WebSocketDecoder(100);
  const bytes = clientFrame(Text, "one");
  const [event] = [...decoder.push(bytes)];
  bytes.fill(0);
  assert(event?.type === "text");
  assertEquals(event.bytes, bytesOf("one"));
});

Deno.test("WebSocketDecoder throws only WebSocketError for any bytes", () => {
  const next = seededRandom(7);
  for (let round = 0; round < 2_000; round++) {
    const bytes = encode(GOOD[round % GOOD.length]![1]);
    for (let n = 0; n < 3; n++) {
      bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
    }
    // decode() asserts this.
    decode([bytes, bytes]);
  }
});

Deno.test("WebSocketDecoder reports the missing bytes and never asks for those of the next frame", () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const decoder = new WebSocketDecoder(100_000);
    const frame = clientFrame(Binary, "x".repeat(length));
    const asked: number[] = [];
    const events: unknown[] = [];
    for (let at = 0; at < frame.length;) {
      const { missing } = decoder;
      asked.push(missing);
      events.push(...decoder.push(frame.subarray(at, at + missing)));
      at += missing;
      assert(missing > 0 && at <= frame.length, `${asked} of ${frame.length}`);
    }
    assertEquals([events.length, decoder.missing], [1, 2]);
    assertEquals(asked.length, length === 0 ? 2 : 3);
  }
});
