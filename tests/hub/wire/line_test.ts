import { assertEquals } from "@std/assert";
import { lineDialect } from "../../../lib/hub/wire/line.ts";
import { bytesOf, decodeAll, show, textOf } from "../../support/hub_frames.ts";

const dialect = lineDialect({ mostBytes: 20, names: false });
const named = lineDialect({ mostBytes: 20, names: true });

const CASES: [name: string, text: string, frames: string[]][] = [
  ["messages", "hi\nthere\r\n\n", [
    "message: hi",
    "message: there",
    "message: ",
  ]],
  ["bytes that are not text", "\xff\x00\xfe\n", ["message: \xff\x00\xfe"]],
  ["a command", "/name alice\n", ["command: /name alice"]],
  ["an escaped slash", "//x\n", ["message: /x"]],
  ["lines that look like notices of the hub", "* ping\n", [
    "problem: Not sent: lines that begin with '* ' are the hub's",
  ]],
  ["other lines with an asterisk", "*x\n* \t", [
    "message: *x",
    "problem: Not sent: the last line has no end",
  ]],
  ["a line that is too long", "123456789012345678901\nok\n", [
    "problem: Not sent: a message has 20 bytes at most",
    "message: ok",
  ]],
  ["a line without an end", "ok\ncut", [
    "message: ok",
    "problem: Not sent: the last line has no end",
  ]],
];

for (const [name, text, frames] of CASES) {
  Deno.test(`lineDialect() decodes ${name}, however the bytes are split`, () => {
    for (let cut = 0; cut <= text.length; cut++) {
      const parts = [text.slice(0, cut), text.slice(cut)];
      assertEquals(decodeAll(dialect.decoder(), parts), frames);
    }
  });
}

Deno.test("lineDialect() allows any text after a name", () => {
  const frames = decodeAll(named.decoder(), ["* ping\n"]);
  assertEquals(frames, ["message: * ping"]);
  const message = { from: "alice", bytes: bytesOf("* ping") };
  assertEquals(textOf(named.encodeMessage(message)), "alice: * ping\n");
});

Deno.test("lineDialect() sends a message unchanged", () => {
  const bytes = Uint8Array.from({ length: 246 }, (_, n) => n + 10).slice(1);
  const wide = lineDialect({ mostBytes: 1_000, names: false });
  const line = wide.encodeMessage({ from: "alice", bytes });
  const [frame] = [...wide.decoder().push(line)];
  assertEquals(show(frame!), `message: ${textOf(bytes)}`);
});

Deno.test("lineDialect() marks notices of the hub", () => {
  assertEquals(textOf(dialect.encodeNotice("hello")), "* hello\n");
  assertEquals(textOf(dialect.encodeFarewell("bye", 1001)), "* bye\n");
  assertEquals(textOf(dialect.heartbeat), "* ping\n");
});
