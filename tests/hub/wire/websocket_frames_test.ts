import { assertEquals } from "@std/assert";
import type { HubFraming } from "../../../lib/hub/wire/frame.ts";
import { webSocketDialect } from "../../../lib/hub/wire/websocket_frames.ts";
import { OPCODE } from "../../../lib/hub/wire/websocket.ts";
import { bytesOf, decodeAll, textOf } from "../../support/hub_frames.ts";
import { clientFrame } from "../../support/websocket.ts";

function make(framing: HubFraming) {
  return webSocketDialect({ mostBytes: 100, names: false, framing });
}

function read(framing: HubFraming, opcode: number, data: string): string[] {
  const frame = textOf(clientFrame(opcode, data));
  return decodeAll(make(framing).decoder(), [frame]);
}

const { Binary, Close, Ping, Pong, Text } = OPCODE;

Deno.test("webSocketDialect() accepts what the hub's framing can carry", () => {
  assertEquals(read("line", Text, "hi"), ["message: hi"]);
  assertEquals(read("line", Binary, "\xff"), ["message: \xff"]);
  const oneLine = ["problem: Not sent: a message here is one line"];
  assertEquals(read("line", Text, "a\nb"), oneLine);
  assertEquals(read("line", Text, "//a\n* b"), oneLine);
  assertEquals(read("line", Text, "* ping").length, 1);
  assertEquals(read("line", Text, "* ping")[0]!.slice(0, 8), "problem:");
  assertEquals(read("length32", Text, "* a\nb"), ["message: * a\nb"]);
  assertEquals(read("json", Text, "[1,\n2]"), ["message: [1, 2]"]);
  assertEquals(read("json", Text, "hi")[0]!.slice(0, 8), "problem:");
});

Deno.test("webSocketDialect() accepts commands in every framing", () => {
  for (const framing of ["line", "length32", "json"] as const) {
    assertEquals(read(framing, Text, "/who"), ["command: /who"]);
  }
});

Deno.test("webSocketDialect() answers control frames", () => {
  assertEquals(read("line", Ping, "x"), ["reply: \x8a\x01x"]);
  assertEquals(read("line", Pong, "x"), []);
  const [end] = [
    ...make("line").decoder().push(clientFrame(Close, "\x03\xe8")),
  ];
  assertEquals(end, {
    kind: "end",
    bytes: bytesOf("\x88\x02\x03\xe8"),
    error: undefined,
  });
});

Deno.test("webSocketDialect() ends with the code of the error", () => {
  const frame = clientFrame(Binary, "x".repeat(101));
  const [end] = [...make("line").decoder().push(frame)];
  assertEquals(end!.kind, "end");
  const bytes = "bytes" in end! ? end.bytes : new Uint8Array();
  assertEquals(bytes[2]! << 8 | bytes[3]!, 1009);
});

Deno.test("webSocketDialect() wraps messages in JSON", () => {
  const say = (framing: HubFraming, text: string) => {
    const message = { from: "al", bytes: bytesOf(text) };
    return textOf(make(framing).encodeMessage(message).subarray(2));
  };
  assertEquals(say("line", '"<'), '{"from":"al","text":"\\"<"}');
  assertEquals(say("length32", "\xff"), '{"from":"al","base64":"/w=="}');
  assertEquals(say("json", "1.0"), '{"from":"al","value":1.0}');
  assertEquals(textOf(make("line").encodeNotice("x")), '\x81\x0b{"hub":"x"}');
  const farewell = textOf(make("line").encodeFarewell("x", 1001));
  assertEquals(farewell, '\x81\x0b{"hub":"x"}\x88\x03\x03\xe9x');
  assertEquals(textOf(make("line").heartbeat), "\x89\0");
});
